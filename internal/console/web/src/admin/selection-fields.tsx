import { Checkbox, NativeSelect, NumberInput, Radio, Textarea } from "@mantine/core";
import { useState } from "react";
import { categories, type Choice } from "./selection";

const days = [0, 1, 3, 7];

/** SelectionFields chooses which images are scanned, and for what. */
export function SelectionFields({ choice: c, onChange }: { choice: Choice; onChange(c: Choice): void }) {
  const [narrow, setNarrow] = useState(c.categories.length < categories.length);
  const set = (change: Partial<Choice>) => onChange({ ...c, ...change });
  return (
    <>
      <Radio.Group label="Images" value={c.which} onChange={(which) => set({ which: which as Choice["which"] })}>
        <div className="row" style={{ marginTop: "0.4rem", gap: "0.5rem 1.5rem" }}>
          <Radio value="all" label="all" />
          <Radio value="namespaces" label="of namespaces" />
          <Radio value="repositories" label="of repositories" />
        </div>
      </Radio.Group>
      {c.which !== "all" && (
        <Textarea label={c.which === "namespaces" ? "Namespaces" : "Repositories"} description={c.which === "namespaces" ? "Names, with spaces or lines between them" : "NAMESPACE/REPOSITORY, one or more; * stands for any characters"}
          autosize minRows={2} maxRows={8} spellCheck={false} autoCapitalize="none" value={c.names} onChange={(e) => set({ names: e.currentTarget.value })} />
      )}
      <div className="row" style={{ alignItems: "end" }}>
        <NativeSelect label="Pushed" value={String(c.pushedDays)} onChange={(e) => set({ pushedDays: Number(e.currentTarget.value) })}
          data={days.map((d) => ({ value: String(d), label: d === 0 ? "at any time" : d === 1 ? "within a day" : `within ${d} days` }))} />
        <NumberInput label="Images an hour" min={0} max={1000} allowDecimal={false} allowNegative={false} placeholder="no bound" value={c.imagesPerHour === 0 ? "" : c.imagesPerHour} onChange={(v) => set({ imagesPerHour: typeof v === "number" ? v : 0 })} />
      </div>
      <Checkbox label="Look for everything" description="Vulnerabilities are always looked for." checked={!narrow} onChange={(e) => {
        setNarrow(!e.currentTarget.checked);
        if (e.currentTarget.checked) set({ categories: categories.map((x) => x.value) });
      }} />
      {narrow && (
        <Checkbox.Group label="Look for" value={c.categories} onChange={(v) => set({ categories: v })}>
          <div className="row" style={{ marginTop: "0.4rem", gap: "0.5rem 1.5rem" }}>{categories.map((x) => <Checkbox key={x.value} value={x.value} label={x.label} />)}</div>
        </Checkbox.Group>
      )}
    </>
  );
}
