//! The names of problems, each with its page.

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The name of a kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, as printed and as `merganser explain` takes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        /// The page of a code: markdown whose example a test executes.
        pub fn explain(code: Code) -> &'static str {
            match code { $(Code::$variant => include_str!(concat!("explain/", $name, ".md")),)* }
        }
    };
}

codes! {
    /// Several relations have a column of this name.
    AmbiguousColumn = "ambiguous-column",
    /// A name is found in more than one package.
    AmbiguousRef = "ambiguous-ref",
    /// A configuration value is of the wrong type or not among those allowed.
    BadConfig = "bad-config",
    /// A model broke what its contract promised in an earlier state.
    BrokenContract = "broken-contract",
    /// A command-line option cannot be used as it was given.
    BadOption = "bad-option",
    /// More or fewer values or names than there are columns.
    ColumnCount = "column-count",
    /// A query's columns are not those of the model's contract.
    ContractBroken = "contract-broken",
    /// Nodes read each other in a circle.
    CyclicGraph = "cyclic-graph",
    /// A way of writing something that dbt is going to give up.
    Deprecated = "deprecated",
    /// A model is going away, or something reads one that is.
    DeprecatedModel = "deprecated-model",
    /// A model reads something that is disabled.
    DisabledRef = "disabled-ref",
    /// Two things of one kind have one name.
    DuplicateName = "duplicate-name",
    /// Two nodes would write the same relation.
    DuplicateRelation = "duplicate-relation",
    /// A selection matches nothing.
    EmptySelection = "empty-selection",
    /// A template raised an error itself.
    RaisedError = "raised-error",
    /// A file could not be loaded into its stage table.
    LoadFailed = "load-failed",
    /// Relations are joined with all pairs, and nothing says that this is meant.
    ImplicitCrossJoin = "implicit-cross-join",
    /// A file or folder that must be there is not, or cannot be read.
    MissingFile = "missing-file",
    /// A unit test gives no rows for something that its model reads.
    MissingInput = "missing-input",
    /// A package that the project names is not installed.
    MissingPackage = "missing-package",
    /// The packages of a project do not go together.
    PackageConflict = "package-conflict",
    /// A package cannot be fetched.
    PackageFetch = "package-fetch",
    /// The profile or its target is missing or incomplete.
    MissingProfile = "missing-profile",
    /// The folder of `--state` is not there, or a file in it is missing or damaged.
    MissingState = "missing-state",
    /// An aggregate or a window function stands where it cannot.
    MisplacedFunction = "misplaced-function",
    /// A model or snapshot that keeps its rows would do something else over the same data.
    NondeterministicIncremental = "nondeterministic-incremental",
    /// A key by which rows are found again can be NULL.
    NullableKey = "nullable-key",
    /// A column beside aggregates is neither grouped by nor aggregated.
    NotGrouped = "not-grouped",
    /// The template asked the warehouse something, but there is no connection.
    OfflineQuery = "offline-query",
    /// A model that is not for all is read from outside.
    PrivateRef = "private-ref",
    /// A seed is not well-formed CSV.
    SeedSyntax = "seed-syntax",
    /// A star passes on columns that readers count on.
    SelectStar = "select-star",
    /// The arms of a set operation have different numbers of columns.
    SetOperationColumns = "set-operation-columns",
    /// A query in an expression gives another number of columns than it is compared with.
    SubqueryColumns = "subquery-columns",
    /// The SQL cannot be parsed.
    SqlSyntax = "sql-syntax",
    /// A source was last loaded longer ago than it may.
    StaleSource = "stale-source",
    /// The template cannot be parsed.
    TemplateSyntax = "template-syntax",
    /// A saved plan that cannot be carried out any more.
    StalePlan = "stale-plan",
    /// A data test found rows it must not find.
    TestFailed = "test-failed",
    /// A template used a value in a way it does not allow.
    TypeError = "type-error",
    /// A name in a template is not defined.
    UndefinedName = "undefined-name",
    /// A column that no relation in scope has.
    UnknownColumn = "unknown-column",
    /// A docs block that is not there.
    UnknownDoc = "unknown-doc",
    /// A key that dbt and merganser do not know.
    UnknownKey = "unknown-key",
    /// A macro that is not there.
    UnknownMacro = "unknown-macro",
    /// A materialization that is not there.
    UnknownMaterialization = "unknown-materialization",
    /// A masking policy that is not declared.
    UnknownPolicy = "unknown-policy",
    /// A model, seed or snapshot that is not there.
    UnknownRef = "unknown-ref",
    /// A source table that is not declared.
    UnknownSource = "unknown-source",
    /// A generic test that is not there.
    UnknownTest = "unknown-test",
    /// A common table expression that nothing reads.
    UnusedCte = "unused-cte",
    /// A level, or a permission in a comment, that concerns nothing.
    UnusedLevel = "unused-level",
    /// YAML properties for something that is not there.
    UnusedProperties = "unused-properties",
    /// A git package without a revision.
    UnpinnedPackage = "unpinned-package",
    /// A construct the embedded engine does not execute.
    UnsupportedSql = "unsupported-sql",
    /// The warehouse refused a statement.
    WarehouseError = "warehouse-error",
    /// A function is called with too few or too many arguments.
    WrongArguments = "wrong-arguments",
    /// Values of these types cannot stand beside each other.
    WrongType = "wrong-type",
    /// A YAML file cannot be parsed.
    YamlSyntax = "yaml-syntax",
}

impl Code {
    /// The code with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
