// Addresses of images in the console read like references:
// /repositories/team/app, /repositories/team/app:1.0 and
// /repositories/team/app@sha256:…

/** What an address below /repositories names. */
export interface ImageRef {
  namespace: string;
  repository?: string;
  /** A tag or a digest. */
  reference?: string;
}

const root = "/repositories";

/** Decodes what stands in an address, which somebody may have typed. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** parse reads the part of an address after "/repositories/". */
export function parse(rest: string): ImageRef | undefined {
  const text = decoded(rest.replace(/^\/+|\/+$/g, ""));
  if (text === undefined || text === "") return undefined;
  const slash = text.indexOf("/");
  if (slash < 0) return { namespace: text };
  const namespace = text.slice(0, slash);
  const name = text.slice(slash + 1);
  const at = name.indexOf("@");
  const colon = name.lastIndexOf(":");
  const cut = at >= 0 ? at : colon > name.lastIndexOf("/") ? colon : -1;
  const repository = cut < 0 ? name : name.slice(0, cut);
  if (namespace === "" || repository === "") return undefined;
  return cut < 0 ? { namespace, repository } : { namespace, repository, reference: name.slice(cut + 1) };
}

/** name writes a reference as clients do: team/app:1.0, team/app@sha256:… */
export function name(ref: ImageRef): string {
  if (!ref.repository) return ref.namespace;
  const image = `${ref.namespace}/${ref.repository}`;
  if (!ref.reference) return image;
  return image + (ref.reference.includes(":") ? "@" : ":") + ref.reference;
}

/** link is the address of what is named. */
export function link(ref: ImageRef): string {
  const segments = name(ref).split("/").map((s) => encodeURIComponent(s).replaceAll("%3A", ":").replaceAll("%40", "@"));
  return `${root}/${segments.join("/")}`;
}
