/** The variable with the path of the launcher's socket. */
export const LAUNCHER_VARIABLE = "TAC8_LAUNCHER";

/** Of a request or an answer, in bytes. An agent's prompt may be one of its arguments. */
export const MAX_LINE = 8 * 1024 * 1024;

/** User and group ids that agents get, both included. */
export interface AgentIds {
  readonly first: number;
  readonly last: number;
}

/** A program to start as a user id. */
export interface LaunchOptions {
  readonly uid: number;
  /** Further groups. */
  readonly groups: readonly number[];
  readonly program: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
}

/** What the first line of a connection says that it is for; each line is one JSON text. */
export type LauncherRequest =
  /** Which ids there are. */
  | { readonly op: "hello" }
  /** Start a program as the last of them. */
  | { readonly op: "try" }
  /**
   * From the answer until the connection ends, the processes of a user id are this caller's: what is left of earlier ones is dead
   * by then. `lockFile` keeps the launchers of other containers out that share it. At the end all of them are killed.
   */
  | { readonly op: "hold"; readonly uid: number; readonly lockFile: string }
  /**
   * Start a program as a user id that is held. Further lines are a `LauncherSignal`. All processes of the user id are dead before
   * the exit is answered, and are killed when the connection ends.
   */
  | ({ readonly op: "run" } & LaunchOptions)
  /**
   * Make a folder that belongs to a user id, in a folder that the group of tac8's user can write to. That group may ask what a path in
   * it is, and nobody else can enter it.
   */
  | { readonly op: "make"; readonly uid: number; readonly path: string }
  /**
   * Copy what is in a folder of tac8's user, and can be read by its group, to one of a user id. Links stay links. It ends with the
   * connection.
   */
  | { readonly op: "copy"; readonly uid: number; readonly from: string; readonly to: string }
  /** Give a folder of tac8's user to a group. */
  | { readonly op: "share"; readonly gid: number; readonly path: string };

export interface LauncherSignal {
  readonly signal: "SIGTERM" | "SIGKILL";
}

export type LauncherAnswer =
  | { readonly failed: string }
  | { readonly ids: AgentIds }
  | { readonly done: true }
  /** Path of a socket that takes three connections: the program's standard input, output and error output, in this order. */
  | { readonly streams: string }
  | { readonly started: { readonly pid: number } }
  | {
      readonly exit: { readonly code: number | null; readonly signal: string | null };
      /** Processes that outlived the program, and were killed. */
      readonly survivors: number;
      /** Processes that could not be killed. */
      readonly remaining: number;
    };
