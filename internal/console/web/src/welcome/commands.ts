/** Clients that the first visit shows commands for. */
export const clients = ["docker", "podman", "skopeo"] as const;

export type Client = (typeof clients)[number];

/** Where to push what, as whom. */
export interface Target {
  /** Host with port, as in the address bar. */
  host: string;
  /** Whether the address is https. */
  secure: boolean;
  account: string;
  /** NAMESPACE/REPOSITORY:TAG */
  image: string;
}

/** The commands of each step, one a line. */
export interface Commands {
  login: string;
  push: string;
  pull: string;
  /** What must be done once before, if something must. */
  before?: string;
}

/** Hosts to which docker speaks without TLS by itself. */
function loopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host);
}

/** commands writes what a client must be told to push an image to this address and to pull it. */
export function commands(client: Client, { host, secure, account, image }: Target): Commands {
  const source = "docker.io/library/debian:12";
  const target = `${host}/${image}`;
  switch (client) {
    case "docker":
      return {
        login: `docker login -u ${account} ${host}`,
        push: `docker pull ${source}\ndocker tag ${source} ${target}\ndocker push ${target}`,
        pull: `docker pull ${target}`,
        before: secure || loopback(host) ? undefined : `This address has no TLS. Docker speaks to it once "insecure-registries": ["${host}"] stands in /etc/docker/daemon.json and docker was restarted.`,
      };
    case "podman": {
      const tls = secure ? "" : " --tls-verify=false";
      return {
        login: `podman login${tls} -u ${account} ${host}`,
        push: `podman pull ${source}\npodman push${tls} ${source} docker://${target}`,
        pull: `podman pull${tls} ${target}`,
      };
    }
    case "skopeo":
      return {
        login: `skopeo login${secure ? "" : " --tls-verify=false"} -u ${account} ${host}`,
        push: `skopeo copy${secure ? "" : " --dest-tls-verify=false"} docker://${source} docker://${target}`,
        pull: `skopeo copy${secure ? "" : " --src-tls-verify=false"} docker://${target} oci:pulled`,
      };
  }
}
