export const USER = "agent";

/** Return the files that replace those of the machine's `/etc` in a sandbox. They name only one user. Pure. */
export function etcFiles({
  uid,
  gid,
}: {
  readonly uid: number;
  readonly gid: number;
}): Readonly<Record<string, string>> {
  return {
    passwd: `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n${USER}:x:${uid}:${gid}:${USER}:/tmp:/bin/sh\n`,
    group: `root:x:0:\n${USER}:x:${gid}:\n`,
    hosts: "127.0.0.1 localhost tac8\n::1 localhost ip6-localhost ip6-loopback\n",
  };
}
