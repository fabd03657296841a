// Makes images of a few files, for what no real image has: ten thousand findings,
// or hostile names everywhere.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/**
 * Writes an image as an OCI layout into a directory. Each layer is a list of
 * files: { path, content, mode }. config is what the image's configuration says
 * beside its layers, annotations are the manifest's.
 */
export function writeImage(dir, { layers, config = {}, history = [], annotations = {} }) {
  const blobs = join(dir, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType, content) => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hex), content);
    return { mediaType, digest: "sha256:" + hex, size: content.length };
  };
  const json = (value) => Buffer.from(JSON.stringify(value));
  const tars = layers.map((files) => put("application/vnd.oci.image.layer.v1.tar", tar(files)));
  const of = put(
    "application/vnd.oci.image.config.v1+json",
    json({ architecture: "amd64", os: "linux", created: "2026-01-01T00:00:00Z", config, history, rootfs: { type: "layers", diff_ids: tars.map((t) => t.digest) } }),
  );
  const manifest = put("application/vnd.oci.image.manifest.v1+json", json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: of, layers: tars, annotations }));
  writeFileSync(join(dir, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(dir, "index.json"), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { "org.opencontainers.image.ref.name": "latest" } }] }));
}

/** An archive with names of any length, which stand in extended headers. */
function tar(files) {
  const parts = [];
  for (const { path, content = "", mode = 0o644 } of files) {
    const record = pax("path", path);
    parts.push(header("extended", "x", record.length, 0o644), padded(record));
    const data = Buffer.from(content);
    parts.push(header("file", "0", data.length, mode), padded(data));
  }
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

/** A record of an extended header begins with its own length in bytes. */
function pax(key, value) {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length;
  while (length !== String(length).length + rest.length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(data) {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

function header(name, type, size, mode) {
  const h = Buffer.alloc(512);
  const octal = (value, at, length) => h.write(value.toString(8).padStart(length - 1, "0"), at);
  h.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  h.write(type, 156);
  h.write("ustar\x0000", 257);
  h.fill(" ", 148, 156);
  octal(
    h.reduce((a, b) => a + b, 0),
    148,
    7,
  );
  return h;
}

/** Writes advisories in the layout of the public OSV bucket into a directory. */
export function writeAdvisories(dir, ecosystem, records) {
  mkdirSync(join(dir, "osv", ecosystem), { recursive: true });
  writeFileSync(join(dir, "osv", "ecosystems.txt"), ecosystem + "\n");
  writeFileSync(join(dir, "osv", ecosystem, "all.zip"), zip(records.map((r) => ({ name: r.id + ".json", data: Buffer.from(JSON.stringify(r)) }))));
}

/** An archive of files as they are, without compression. */
function zip(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data } of files) {
    // What the entry and its line in the directory have in common.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8); // 1 January 1980
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const line = Buffer.alloc(46);
    line.write("PK\x01\x02\x14\x00", "latin1");
    common.copy(line, 6);
    line.writeUInt32LE(at, 42);
    directory.push(line, Buffer.from(name));
    const entry = [Buffer.from("PK\x03\x04", "latin1"), common, Buffer.from(name), data];
    parts.push(...entry);
    at += entry.reduce((n, b) => n + b.length, 0);
  }
  const size = directory.reduce((n, b) => n + b.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
