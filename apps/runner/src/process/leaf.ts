/** Name of the control group, below the delegated one, that the runner itself moves to. */
export const LEAF = "runner";

/** A control group (v2) that this process is in, as its files say. */
export interface OwnGroup {
  readonly folder: string;
  /** User id that `cgroup.procs` and `cgroup.subtree_control` belong to; null: they belong to several, or cannot be read. */
  readonly owner: number | null;
  /** Controllers that it could give to groups below it (`cgroup.controllers`). */
  readonly controllers: readonly string[];
  /** Those that it gives to them (`cgroup.subtree_control`). */
  readonly given: readonly string[];
  /** Processes in it, each with its parent. */
  readonly processes: readonly { readonly pid: number; readonly parent: number }[];
}

export interface LeafPlan {
  readonly leaf: string;
  /** Processes that move there, this one first. */
  readonly move: readonly number[];
  /** Controllers to give to the groups below the own one after that. */
  readonly give: readonly string[];
}

const WANTED = ["memory", "cpu", "pids"];

/**
 * Plan how this process leaves its own control group for one below it. A group with processes in it gives its controllers to no groups
 * below it, and so limits no run; systemd 252 makes no such leaf by itself (`DelegateSubgroup=` came with 254).
 * Null: nothing to gain, or the group is not delegated to us: not all of its processes are ours. Root owns every group, so that it
 * is the owner says nothing.
 * @param wanted controllers. Pure.
 */
export function planLeaf(
  { folder, owner, controllers, given, processes }: OwnGroup,
  { pid, uid, wanted = WANTED }: { readonly pid: number; readonly uid: number; readonly wanted?: readonly string[] },
): LeafPlan | null {
  if (uid === 0 || owner !== uid) return null;
  const give = wanted.filter((name) => controllers.includes(name) && !given.includes(name));
  const others = processes.filter((one) => one.pid !== pid);
  if (give.length === 0 || others.length === processes.length) return null;
  // What this process has started may be there for a moment.
  if (others.some(({ parent }) => parent !== pid)) return null;
  return { leaf: `${folder}/${LEAF}`, move: [pid, ...others.map((one) => one.pid)], give };
}
