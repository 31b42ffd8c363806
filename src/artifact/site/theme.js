// Light and dark: the system's choice until the reader makes one, which is then remembered in this browser.

const THEME_KEY = "merganser-docs-theme";
const themeListeners = [];

/** Called first thing, before anything is drawn. */
export function applyTheme() {
  const chosen = readTheme();
  if (chosen) document.documentElement.dataset.theme = chosen;
}

/** Makes the button switch, and follows the system. */
export function startTheme(button) {
  button.addEventListener("click", switchTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tellTheme);
  labelTheme(button);
  themeListeners.push(() => labelTheme(button));
}

/** What is drawn on a canvas must be drawn again when colours change. */
export function onThemeChange(listener) {
  themeListeners.push(listener);
  return () => themeListeners.splice(themeListeners.indexOf(listener), 1);
}

export function switchTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(THEME_KEY, next);
  } catch {
    // A browser may refuse storage to files; the choice then lasts as long as the page.
  }
  tellTheme();
}

function tellTheme() {
  for (const listener of [...themeListeners]) listener();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function labelTheme(button) {
  const label = isDark() ? "Switch to light colours" : "Switch to dark colours";
  button.setAttribute("aria-label", label);
  button.title = label;
}

function readTheme() {
  try {
    const value = localStorage.getItem(THEME_KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}
