/** User that a program is started as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Additional groups. */
  readonly groups?: readonly number[];
}

/** An absolute path: it is still root when it starts, so it must not be searched in the PATH of a request. */
export const SETPRIV = "/usr/bin/setpriv";

/**
 * Return the prefix that runs a program as this user without any capability, and without a way to get one: inheritable
 * capabilities are cleared before the switch, because an ambient CAP_SETUID would allow it to become root again. The
 * program dies with the process that started it. Pure.
 * @param bounds whether the bounding set can be cleared too, which needs CAP_SETPCAP
 */
export function asIdentity({ uid, gid, groups = [] }: Identity, { bounds }: { readonly bounds: boolean }): string[] {
  const groupArgument = groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`;
  return [
    [SETPRIV, "--inh-caps=-all", "--ambient-caps=-all"],
    bounds ? ["--bounding-set=-all"] : [],
    [groupArgument, `--regid=${gid}`, `--reuid=${uid}`, "--no-new-privs", "--pdeathsig=KILL", "--"],
  ].flat();
}

/** Return the prefix that starts a program in this folder, which perhaps only its user can enter. Pure. */
export function inFolder(cwd: string): string[] {
  return ["/bin/sh", "-c", 'umask 022; cd -- "$1" || exit 127; shift; exec "$@"', "sh", cwd];
}
