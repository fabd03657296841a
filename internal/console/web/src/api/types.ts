import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type AccountCreated = Schemas["AccountCreated"];
export type ActiveScan = Schemas["ActiveScan"];
export type AdvisoryFetch = Schemas["AdvisoryFetch"];
export type AdvisoryInfo = Schemas["AdvisoryInfo"];
export type Allowlist = Schemas["Allowlist"];
export type Artifact = Schemas["Artifact"];
export type AuditEntry = Schemas["AuditEntry"];
export type Batch = Schemas["Batch"];
export type BatchImage = Schemas["BatchImage"];
export type BatchPreview = Schemas["BatchPreview"];
export type BatchStart = Schemas["BatchStart"];
export type Change = Schemas["Change"];
export type Check = Schemas["Check"];
export type Compared = Schemas["Compared"];
export type Credential = Schemas["Credential"];
export type CredentialCreate = Schemas["CredentialCreate"];
export type CredentialCreated = Schemas["CredentialCreated"];
export type Dashboard = Schemas["Dashboard"];
export type Day = Schemas["Day"];
export type Difference = Schemas["Difference"];
export type Event = Schemas["Event"];
export type Exception = Schemas["Exception"];
export type ExceptionCreate = Schemas["ExceptionCreate"];
export type ExposedRepository = Schemas["ExposedRepository"];
export type FileSummary = Schemas["FileSummary"];
export type Finding = Schemas["Finding"];
export type FoundImage = Schemas["FoundImage"];
export type Gate = Schemas["Gate"];
export type GateSettings = Schemas["GateSettings"];
export type Group = Schemas["Group"];
export type Handling = Schemas["Handling"];
export type HeldRole = Schemas["HeldRole"];
export type Info = Schemas["Info"];
export type Location = Schemas["Location"];
export type Namespace = Schemas["Namespace"];
export type NamespaceChange = Schemas["NamespaceChange"];
export type Overview = Schemas["Overview"];
export type OwnAccount = Schemas["OwnAccount"];
export type Package = Schemas["Package"];
export type PackageChange = Schemas["PackageChange"];
export type PackageImage = Schemas["PackageImage"];
export type PolicyPreview = Schemas["PolicyPreview"];
export type Problem = Schemas["Problem"];
export type Repository = Schemas["Repository"];
export type RepositorySummary = Schemas["RepositorySummary"];
export type RiskFinding = Schemas["RiskFinding"];
export type RiskPackage = Schemas["RiskPackage"];
export type RiskRule = Schemas["RiskRule"];
export type RiskVulnerability = Schemas["RiskVulnerability"];
export type Role = Schemas["RoleGrant"]["role"];
export type RoleGrant = Schemas["RoleGrant"];
export type RuleFileContent = Schemas["RuleFileContent"];
export type Rules = Schemas["Rules"];
export type Scan = Schemas["Scan"];
export type Schedule = Schemas["Schedule"];
export type ScheduleSet = Schemas["ScheduleSet"];
export type Selection = Schemas["Selection"];
export type ServerRuleContent = Schemas["ServerRuleContent"];
export type ServerRules = Schemas["ServerRules"];
export type Session = Schemas["Session"];
export type Settings = Schemas["Settings"];
export type SettingsChange = Schemas["SettingsChange"];
export type SeverityCounts = Schemas["SeverityCounts"];
export type Standing = Schemas["Standing"];
export type Statement = Schemas["Statement"];
export type Statistics = Schemas["Statistics"];
export type Verdict = Schemas["Verdict"];
export type VerdictChange = Schemas["VerdictChange"];
export type VulnerabilityPeriod = Schemas["VulnerabilityPeriod"];
export type Vulnerability = Schemas["Vulnerability"];
export type EventKind = NonNullable<NonNullable<NonNullable<operations["listEvents"]["parameters"]["query"]>["kind"]>>[number];
export type Format = NonNullable<NonNullable<operations["getReport"]["parameters"]["query"]>["format"]>;

/** Part of a list out of a report; total counts all that fit. */
export interface Part<T> {
  items: T[];
  total: number;
}

/** One page of a list; next, where present, is passed as "after". */
export interface List<T> {
  items: T[];
  next?: string;
}
