/** Name of the control group, below the delegated one, that the runner itself moves to. */
export const LEAF = "runner";

/** State of this process's control group (v2), read from its files. */
export interface OwnGroup {
  readonly folder: string;
  /** User id that owns `cgroup.procs` and `cgroup.subtree_control`; null if they have different owners or cannot be read. */
  readonly owner: number | null;
  /** Controllers that it can enable for the groups below it (`cgroup.controllers`). */
  readonly controllers: readonly string[];
  /** Controllers that are enabled for the groups below it (`cgroup.subtree_control`). */
  readonly given: readonly string[];
  /** Processes in the group, each with its parent. */
  readonly processes: readonly { readonly pid: number; readonly parent: number }[];
}

export interface LeafPlan {
  readonly leaf: string;
  /** Processes to move to the leaf group, this one first. */
  readonly move: readonly number[];
  /** Controllers to enable afterwards for the groups below the delegated one. */
  readonly give: readonly string[];
}

const WANTED = ["memory", "cpu", "pids"];

/**
 * Plan how this process moves from its own control group to a leaf group below it. The kernel enables controllers only below a group
 * without processes, so without the move no run has limits. systemd 252 makes no leaf group by itself (`DelegateSubgroup=` came with
 * 254). Pure.
 * @param wanted controllers
 * @returns null if the move is unnecessary, or if the group is not delegated because it has other processes. That root owns a group
 * proves nothing, because root owns every group.
 */
export function planLeaf(
  { folder, owner, controllers, given, processes }: OwnGroup,
  { pid, uid, wanted = WANTED }: { readonly pid: number; readonly uid: number; readonly wanted?: readonly string[] },
): LeafPlan | null {
  if (uid === 0 || owner !== uid) return null;
  const give = wanted.filter((name) => controllers.includes(name) && !given.includes(name));
  const others = processes.filter((one) => one.pid !== pid);
  if (give.length === 0 || others.length === processes.length) return null;
  // Child processes of this process may be in the group for a moment.
  if (others.some(({ parent }) => parent !== pid)) return null;
  return { leaf: `${folder}/${LEAF}`, move: [pid, ...others.map((one) => one.pid)], give };
}
