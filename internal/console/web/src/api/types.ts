import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Allowlist = Schemas["Allowlist"];
export type Artifact = Schemas["Artifact"];
export type Check = Schemas["Check"];
export type Event = Schemas["Event"];
export type Exception = Schemas["Exception"];
export type ExceptionCreate = Schemas["ExceptionCreate"];
export type Finding = Schemas["Finding"];
export type GateSettings = Schemas["GateSettings"];
export type Handling = Schemas["Handling"];
export type Location = Schemas["Location"];
export type Namespace = Schemas["Namespace"];
export type NamespaceChange = Schemas["NamespaceChange"];
export type FileSummary = Schemas["FileSummary"];
export type Overview = Schemas["Overview"];
export type Package = Schemas["Package"];
export type PolicyPreview = Schemas["PolicyPreview"];
export type Problem = Schemas["Problem"];
export type Repository = Schemas["Repository"];
export type RuleFileContent = Schemas["RuleFileContent"];
export type Rules = Schemas["Rules"];
export type Scan = Schemas["Scan"];
export type Statistics = Schemas["Statistics"];
export type Verdict = Schemas["Verdict"];
export type VerdictChange = Schemas["VerdictChange"];
export type Vulnerability = Schemas["Vulnerability"];
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
