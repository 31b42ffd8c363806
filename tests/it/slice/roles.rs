//! Who sees what of the reference project: its masking policies, on the embedded engine.

use serde_json::Value;

use super::undisturbed;

/// Addresses and names of customers, as a role is shown them, through a view or not.
fn customers(role: &str) -> Vec<(String, String)> {
    let bench = undisturbed();
    let query = "select email, first_name from {{ ref('dim_customer') }} where email is not null order by customer_id";
    let words = ["show", "--quiet", "--inline", query, "--output", "json", "--limit", "-1"];
    let output = bench.command(&words).env("MERGANSER_ROLE", role).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = shown["show"].as_array().unwrap();
    rows.iter().map(|row| (text(row, "EMAIL"), text(row, "FIRST_NAME"))).collect()
}

#[test]
fn a_role_sees_what_the_policies_show_it() {
    let (values, masked) = (customers("PII_READER"), customers("ANALYST"));
    assert!(!values.is_empty() && values.len() == masked.len());
    assert_eq!(values, customers("TRANSFORMER"));
    for ((email, name), (shown_email, shown_name)) in values.iter().zip(&masked) {
        let domain = email.split('@').nth(1).unwrap();
        assert!(!email.starts_with('*') && *shown_email == format!("*****@{domain}"), "{shown_email}");
        assert_eq!(*shown_name, if name.is_empty() { "" } else { "***" });
    }
}
