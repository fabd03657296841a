// The settings of an instance, as a form has them and as the server wants them.

import type { Settings, SettingsChange } from "../api/types";

/** What the instance sets itself. An empty text, and refuse that is absent, leave it to the default. */
export interface LimitsForm {
  profile: Settings["profile"];
  concurrentScans: string;
  /** In minutes. */
  timeout: string;
  /** In GB of 2³⁰ bytes, as limits are written everywhere. */
  image: string;
  /** In GB of 2³⁰ bytes, as limits are written everywhere. */
  layer: string;
  layers: string;
  refuse?: Refusal[];
}

/** What an instance may refuse to scan. */
export type Refusal = Settings["refuse"][number];

const gb = 2 ** 30;
const minute = 60;

const text = (n: number | undefined, unit = 1): string => (n === undefined ? "" : String(Number((n / unit).toFixed(3))));

/** formOf is what the instance sets, for the form. */
export function formOf(s: Settings): LimitsForm {
  const own = s.set;
  return {
    profile: own.profile ?? "default",
    concurrentScans: text(own.concurrentScans),
    timeout: text(own.scanTimeoutSeconds, minute),
    image: text(own.imageBytes, gb),
    layer: text(own.layerBytes, gb),
    layers: text(own.layers),
    refuse: own.refuse,
  };
}

/** defaultsOf are the values in force, for fields that are left empty. */
export function defaultsOf(s: Settings): Record<"concurrentScans" | "timeout" | "image" | "layer" | "layers", string> {
  return { concurrentScans: text(s.concurrentScans), timeout: text(s.scanTimeoutSeconds, minute), image: text(s.imageBytes, gb), layer: text(s.layerBytes, gb), layers: text(s.layers) };
}

const number = (value: string, unit = 1): number | undefined => (value.trim() === "" || !Number.isFinite(Number(value)) ? undefined : Math.round(Number(value) * unit));

/** changeOf is a form as the server wants it, made from the settings of a revision. */
export function changeOf(f: LimitsForm, revision: number): SettingsChange {
  return {
    revision,
    profile: f.profile === "default" ? undefined : f.profile,
    concurrentScans: number(f.concurrentScans),
    scanTimeoutSeconds: number(f.timeout, minute),
    imageBytes: number(f.image, gb),
    layerBytes: number(f.layer, gb),
    layers: number(f.layers),
    refuse: f.refuse,
  };
}
