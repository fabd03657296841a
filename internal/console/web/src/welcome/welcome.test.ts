import { describe, expect, test } from "vitest";
import type { Artifact, Event, Namespace } from "../api/types";
import { commands } from "./commands";
import { now, refusedPull, state } from "./progress";

describe("commands", () => {
  const target = { host: "127.0.0.1:8480", secure: false, account: "admin", image: "team/app:1" };
  test("docker speaks to this machine without TLS by itself, and to others after a setting", () => {
    expect(commands("docker", target).before).toBeUndefined();
    expect(commands("docker", { ...target, host: "registry.internal:8480" }).before).toContain('"insecure-registries": ["registry.internal:8480"]');
    expect(commands("docker", { ...target, host: "registry.internal", secure: true }).before).toBeUndefined();
  });
  test("others are told with each command", () => {
    expect(commands("skopeo", target).push).toBe("skopeo copy --dest-tls-verify=false docker://docker.io/library/debian:12 docker://127.0.0.1:8480/team/app:1");
    expect(commands("podman", target).pull).toBe("podman pull --tls-verify=false 127.0.0.1:8480/team/app:1");
    expect(commands("podman", { ...target, secure: true }).login).toBe("podman login -u admin 127.0.0.1:8480");
  });
});

describe("the way to a first refusal", () => {
  const ns = (autoScan: boolean, preventVul: boolean) => ({ autoScan, preventVul }) as Namespace;
  const artifact = (scan: string | undefined, decision: string) => ({ namespace: "team", digest: "sha256:1", scanOverview: scan && { state: scan }, verdict: { decision } }) as Artifact;
  test.each([
    ["nothing", { refused: false }, "namespace"],
    ["a namespace", { namespace: ns(false, false), refused: false }, "policy"],
    ["both switches", { namespace: ns(true, true), refused: false }, "push"],
    ["an image, whatever the switches", { namespace: ns(false, false), artifact: artifact(undefined, "allow"), refused: false }, "scan"],
    ["a scan under way", { namespace: ns(true, true), artifact: artifact("Running", "unknown"), refused: false }, "scan"],
    ["a blocked image", { namespace: ns(true, true), artifact: artifact("Success", "block"), refused: false }, "pull"],
    ["a refused pull", { namespace: ns(true, true), artifact: artifact("Success", "block"), refused: true }, "done"],
    ["a clean image", { namespace: ns(true, true), artifact: artifact("Success", "allow"), refused: false }, "done"],
  ])("%s", (_, known, want) => expect(now(known)).toBe(want));
  test("steps", () => expect((["namespace", "push", "pull"] as const).map((s) => state(s, "push"))).toEqual(["done", "now", "later"]));
  test("only pulls of this image count", () => {
    const e = { kind: "pull.blocked", namespace: "team", digest: "sha256:1" } as Event;
    expect(refusedPull(e, artifact("Success", "block"))).toBe(true);
    expect(refusedPull({ ...e, digest: "sha256:2" }, artifact("Success", "block"))).toBe(false);
    expect(refusedPull(e, undefined)).toBe(false);
  });
});
