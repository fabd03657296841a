import type { RiskFinding } from "../api/types";

/** A list of risks with an address of its own. */
export interface Category {
  /** As it stands in the address. */
  key: string;
  name: string;
  category: RiskFinding["category"];
  /** The part of a report that lists its findings. */
  tab: string;
  /** What to say where nothing was found. */
  nothing: string;
  /** What else a reader should know. */
  note?: string;
}

/** The categories whose findings are those of rules. */
export const categories: Category[] = [
  { key: "malware", name: "Malicious files", category: "malicious-file", tab: "malware", nothing: "No image holds a file that is known to do harm." },
  { key: "settings", name: "Unsafe settings", category: "unsafe-setting", tab: "settings", nothing: "Every setting that was looked at is as it should be." },
  { key: "passwords", name: "Weak passwords", category: "weak-password", tab: "passwords", nothing: "No password in any image could be guessed." },
  { key: "sensitive", name: "Sensitive information", category: "sensitive-information", tab: "sensitive", nothing: "No secret was found in any image." },
  { key: "compliance", name: "Software compliance", category: "software-compliance", tab: "compliance", nothing: "No software or licence is against the rules." },
  { key: "base", name: "Base images", category: "base-image", tab: "base", nothing: "Every image is built on a base that is known, supported and the newest.", note: "As the latest report of each image says. A newer base image counts when a report is made anew, by a scan or with new advisories when it is read." },
];
