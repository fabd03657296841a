import { defineConfig } from "vitest/config";

// The result goes where the Go program embeds it. Everything under assets/ has
// a hash of its content in its name.
export default defineConfig({
  // The server puts a fresh one in its place with each answer.
  html: { cspNonce: "NONCE" },
  build: {
    outDir: "../dist/build",
    emptyOutDir: true,
    target: "es2022",
    manifest: true,
    // No data: addresses for scripts, and none for styles that a policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    // Mantine's "use client" means nothing here.
    rolldownOptions: { onwarn: (warning, warn) => void (warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning)) },
  },
  // npm run dev, against a server that runs as it does by default.
  server: { proxy: { "/api": "http://127.0.0.1:8480" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
