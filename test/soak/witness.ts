import { readFile } from "node:fs/promises";

/** Notes of the agents themselves. */
export interface Start {
  readonly issue: number;
  readonly at: number;
  readonly session: string;
  readonly resumed: boolean;
  readonly run: string;
}

export interface Finish {
  readonly issue: number;
  readonly at: number;
  readonly session: string;
  /** `success`: the script finished successfully. */
  readonly how: string;
}

export interface Commit {
  readonly issue: number;
  readonly sha: string;
  /** Git's patch id of the commit; empty: it has none. */
  readonly patch: string;
}

export interface AgentNotes {
  readonly starts: readonly Start[];
  readonly finishes: readonly Finish[];
  readonly commits: readonly Commit[];
  /** Nasty steps that were reached, by behaviour. */
  readonly marks: ReadonlyMap<string, number>;
}

/** Read the witness file and the two files beside it. */
export async function readWitness(witness: string): Promise<AgentNotes> {
  const entries = (await lines(witness)).map((line) => JSON.parse(line) as Record<string, unknown>);
  const starts = entries
    .filter((entry) => entry["finished"] === undefined)
    .map((entry) => ({
      issue: issueOf(String(entry["cwd"])),
      at: Number(entry["at"]),
      session: String(entry["session"]),
      resumed: entry["resumed"] === true,
      run: String(entry["runMarker"]),
    }));
  const issueOfRun = new Map(starts.map(({ run, issue }) => [run, issue]));
  const finishes = entries
    .filter((entry) => entry["finished"] !== undefined)
    .map((entry) => ({
      issue: issueOfRun.get(String(entry["runMarker"])) ?? 0,
      at: Number(entry["at"]),
      session: String(entry["session"]),
      how: String(entry["finished"]),
    }));
  const commits = (await lines(`${witness}.commits`)).map((line) => {
    const [sha = "", patch = "", cwd = ""] = line.split(" ");
    return { sha, patch, issue: issueOf(cwd) };
  });
  const marks = new Map<string, number>();
  for (const line of await lines(`${witness}.marks`)) {
    const name = line.split(" ", 1)[0] ?? "";
    marks.set(name, (marks.get(name) ?? 0) + 1);
  }
  return { starts, finishes, commits, marks };
}

async function lines(file: string): Promise<string[]> {
  try {
    return (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function issueOf(cwd: string): number {
  return Number(/\/gh-(\d+)$/.exec(cwd)?.[1] ?? 0);
}
