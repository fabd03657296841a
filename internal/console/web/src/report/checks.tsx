import type { Overview } from "../api/types";
import { plural } from "../text/format";
import { SeverityMark, Tag } from "../ui/marks";
import { DataTable } from "../ui/table";

const results: Record<string, { word: string; tone: "good" | "bad" | "neutral" }> = {
  passed: { word: "passed", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  "not-applicable": { word: "does not apply", tone: "neutral" },
};

/** Every check of settings, also those that passed. */
export function SettingsChecks({ overview }: { overview: Overview }) {
  const { checks } = overview;
  if (checks.length === 0) return null;
  const passed = checks.filter((c) => c.result === "passed").length;
  return (
    <details style={{ marginTop: "1rem" }}>
      <summary>All {plural(checks.length, "check")}, of which {passed} passed</summary>
      <div className="card" style={{ marginTop: "0.75rem" }}>
        <DataTable label="Checks of settings" rows={checks} rowKey={(c) => c.id} columns={[
          { name: "Result", width: "8rem", cell: (c) => <Tag tone={results[c.result]?.tone ?? "neutral"}>{results[c.result]?.word ?? c.result}</Tag> },
          { name: "Check", cell: (c) => <div>{c.title}<div className="small quiet">{c.standard}</div></div> },
          { name: "Severity", width: "7.5rem", cell: (c) => <SeverityMark severity={c.severity} /> },
          { name: "Looked at", cell: (c) => <span className="wrap small">{c.looked}</span> },
          { name: "Is", cell: (c) => <span className="wrap small">{c.current}</span> },
          { name: "Should be", cell: (c) => <span className="wrap small">{c.suggested}</span> },
        ]} />
      </div>
    </details>
  );
}
