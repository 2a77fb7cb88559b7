/** Which user a program is started as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Further groups. */
  readonly groups?: readonly number[];
}

/** By its path: it is still root when it starts, and is looked for by no PATH of a request. */
export const SETPRIV = "/usr/bin/setpriv";

/**
 * Return what goes before a program so that it runs as this user, without any capability, and without a way to any: capabilities
 * that could be inherited are cleared before the switch (an ambient CAP_SETUID would be root again).
 * It dies with the process that has started it.
 * @param bounds whether the bounding set can be cleared too, which takes CAP_SETPCAP. Pure.
 */
export function asIdentity({ uid, gid, groups = [] }: Identity, { bounds }: { readonly bounds: boolean }): string[] {
  const groupArgument = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
  return [
    [SETPRIV, "--inh-caps=-all", "--ambient-caps=-all"],
    bounds ? ["--bounding-set=-all"] : [],
    [groupArgument, `--regid=${gid}`, `--reuid=${uid}`, "--no-new-privs", "--pdeathsig=KILL", "--"],
  ].flat();
}

/** What goes before a program that starts in this folder, which only the user it runs as may be able to enter. Pure. */
export function inFolder(cwd: string): string[] {
  return ["/bin/sh", "-c", 'umask 022; cd -- "$1" || exit 127; shift; exec "$@"', "sh", cwd];
}
