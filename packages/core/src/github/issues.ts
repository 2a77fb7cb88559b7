import type { z } from "zod";
import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { eventSchema, issueSchema } from "./schemas.ts";
import type { CallOptions, Issue, IssueResult, IssueEvent, Repo } from "./types.ts";
import { nameOf, repoKey, repoOfApiUrl } from "./urls.ts";

/** Calls about issues. */
export function issueCalls({ one, all }: Caller, { hasLabel }: Labels) {
  const eventsOf = (repo: Repo, number: number, { signal }: CallOptions) =>
    all({
      route: "GET /repos/{owner}/{repo}/issues/{number}/events",
      params: { ...nameOf(repo), number },
      schema: eventSchema,
      signal,
    });

  async function labeledEvents(
    repo: Repo,
    number: number,
    label: string | null,
    options: CallOptions = {},
  ): Promise<IssueEvent[]> {
    const events = await eventsOf(repo, number, options);
    if (label === null) return listed(events, { kind: "labeled" });
    const own = listed(events, { kind: "labeled", label });
    const off = newest(events, { kind: "unlabeled", label });
    const [first] = own;
    if (first !== undefined && (off === null || off.id < first.id)) return own;
    const old = await renamedFrom({ events, label }, (name) => hasLabel(repo, name, options));
    return old === null ? own : [...own, old].toSorted((a, b) => b.id - a.id);
  }

  return {
    /**
     * Return all open issues with the label, oldest first, without pull requests. An unchanged list costs only 304s. The pages are read one
     * after the other, so if an issue leaves the list meanwhile, another one between two pages may be missing until the next call. Read
     * an issue itself before you rely on its absence.
     */
    labelledIssues: async (repo: Repo, label: string, options: CallOptions = {}): Promise<Issue[]> => {
      const route = "GET /repos/{owner}/{repo}/issues";
      const params = { ...nameOf(repo), state: "open", labels: label, sort: "created", direction: "asc" };
      const found = await all({ route, params, schema: issueSchema, ...options });
      const wanted = found.filter(({ issue }) => !issue.isPull && carries(issue, label));
      return [...new Map(wanted.map(({ issue }) => [issue.number, issue])).values()];
    },

    /** Return an issue or pull request, and whether it is still the requested one. */
    issue: async (repo: Repo, number: number, options: CallOptions = {}): Promise<IssueResult> => {
      try {
        const route = "GET /repos/{owner}/{repo}/issues/{number}";
        const params = { ...nameOf(repo), number };
        const { issue, repositoryUrl } = await one({ route, params, schema: issueSchema, follow: true, ...options });
        const home = repoOfApiUrl(repositoryUrl);
        if (home !== null && repoKey(home) === repoKey(repo) && issue.number === number)
          return { kind: "found", issue };
        const to = home === null ? repositoryUrl : `${home.owner}/${home.repo}`;
        return { kind: "moved", to: `${to}#${issue.number}` };
      } catch (error) {
        if (!(error instanceof GitHubError) || error.status === null) throw error;
        if (error.kind === "not-found" || error.kind === "removed") return { kind: "missing", status: error.status };
        throw error;
      }
    },

    /**
     * Return the newest event of this label, also under a former name of the label; null: GitHub reports none, or it is not certain.
     */
    newestLabeledEvent: async (
      repo: Repo,
      number: number,
      label: string,
      options: CallOptions = {},
    ): Promise<IssueEvent | null> => (await labeledEvents(repo, number, label, options))[0] ?? null,

    /**
     * Return all events in which an account added this label, newest first, also under a former name of the label if that is certain.
     * `label` null: any label.
     */
    labeledEvents,

    /** Return the newest event in which a user closed the issue, or removed this label; null: there is none. */
    newestEvent: async (repo: Repo, number: number, { signal, ...query }: EventQuery & CallOptions) =>
      newest(await eventsOf(repo, number, { signal }), query),
  };
}

interface Labels {
  readonly hasLabel: (repo: Repo, name: string, options: CallOptions) => Promise<boolean>;
}

type ReportedEvent = z.infer<typeof eventSchema>;

function newest(events: readonly ReportedEvent[], query: EventQuery): IssueEvent | null {
  return listed(events, query)[0] ?? null;
}

/** Newest first. */
function listed(events: readonly ReportedEvent[], { kind, label }: EventQuery): IssueEvent[] {
  return events
    .filter((entry) => entry.kind === kind)
    .filter((entry) => label === undefined || entry.label?.toLowerCase() === label.toLowerCase())
    .map(({ event }) => event)
    .toSorted((a, b) => b.id - a.id);
}

/** Maximum number of labels that are read. */
const MAX_ASKED = 20;

/**
 * Find the event of a label that was renamed since; null: there is none, or it is not certain. Events keep the former name of a label. So it
 * is a label that was added, was not removed, and does not exist in the repository any more: it was renamed or deleted. If several
 * labels qualify, the result is certain only if the same account added all of them.
 */
async function renamedFrom(
  { events, label }: { readonly events: readonly ReportedEvent[]; readonly label: string },
  exists: (name: string) => Promise<boolean>,
): Promise<IssueEvent | null> {
  const last = new Map<string, ReportedEvent>();
  for (const entry of events.toSorted((a, b) => a.event.id - b.event.id)) {
    const name = entry.label?.toLowerCase() ?? "";
    if (name === "" || name === label.toLowerCase()) continue;
    if (entry.kind === "labeled" || entry.kind === "unlabeled") last.set(name, entry);
  }
  const on = [...last.values()].filter(({ kind }) => kind === "labeled");
  if (on.length > MAX_ASKED) return null;
  const vanished: ReportedEvent[] = [];
  for (const entry of on) if (!(await exists(entry.label ?? ""))) vanished.push(entry);
  const actors = new Set(vanished.map(({ event }) => event.actor.toLowerCase()));
  return actors.size === 1 ? newest(vanished, { kind: "labeled" }) : null;
}

/** The requested events; without `label`, events of every label. */
interface EventQuery {
  readonly kind: "labeled" | "unlabeled" | "closed";
  readonly label?: string;
}

function carries(issue: Issue, label: string): boolean {
  return issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
}
