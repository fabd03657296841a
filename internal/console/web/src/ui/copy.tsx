import { ActionIcon } from "@mantine/core";
import { useEffect, useState } from "react";
import { IconCheck, IconCopy } from "./icons";

/** Puts text on the clipboard, also where the page was not loaded by https. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that copies. what says what, to those who cannot see it. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (state === "") return;
    const timer = setTimeout(() => setState(""), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const label = state === "copied" ? "Copied" : state === "failed" ? "Could not be copied" : `Copy ${what}`;
  return (
    <ActionIcon variant="subtle" color="gray" size="md" aria-label={label} title={label} onClick={() => void copy(text).then((done) => setState(done ? "copied" : "failed"))}>
      {state === "copied" ? <IconCheck /> : <IconCopy />}
    </ActionIcon>
  );
}

/** A command for a terminal. */
export function Command({ text, what = "the command" }: { text: string; what?: string }) {
  return (
    <div className="command">
      <pre><code>{text}</code></pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
