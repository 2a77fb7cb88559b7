import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { eventSchema, issueSchema } from "./schemas.ts";
import type { CallOptions, Issue, IssueAnswer, IssueEvent, Repo } from "./types.ts";
import { nameOf, repoKey, repoOfApiUrl } from "./urls.ts";

/** Calls about issues. */
export function issueCalls({ one, all }: Caller) {
  async function newestEvent(
    repo: Repo,
    number: number,
    { kind, label, signal }: EventWish & CallOptions,
  ): Promise<IssueEvent | null> {
    const route = "GET /repos/{owner}/{repo}/issues/{number}/events";
    const events = await all({ route, params: { ...nameOf(repo), number }, schema: eventSchema, signal });
    return events
      .filter((entry) => entry.kind === kind)
      .filter((entry) => label === undefined || entry.label?.toLowerCase() === label.toLowerCase())
      .reduce<IssueEvent | null>((best, { event }) => (best === null || event.id > best.id ? event : best), null);
  }

  return {
    /**
     * All open issues with the label, oldest first, pull requests left out. An unchanged list costs only 304s. The pages are
     * read one after the other: an issue that leaves the list meanwhile can hide one at the seam until the next call, so look at
     * an issue itself before taking its absence as final.
     */
    labelledIssues: async (repo: Repo, label: string, options: CallOptions = {}): Promise<Issue[]> => {
      const route = "GET /repos/{owner}/{repo}/issues";
      const params = { ...nameOf(repo), state: "open", labels: label, sort: "created", direction: "asc" };
      const found = await all({ route, params, schema: issueSchema, ...options });
      const wanted = found.filter(({ issue }) => !issue.isPull && hasLabel(issue, label));
      return [...new Map(wanted.map(({ issue }) => [issue.number, issue])).values()];
    },

    /** One issue (or pull request), and whether it is still the one that was asked for. */
    issue: async (repo: Repo, number: number, options: CallOptions = {}): Promise<IssueAnswer> => {
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
        if (error.kind === "not-found" || error.kind === "gone") return { kind: "gone", status: error.status };
        throw error;
      }
    },

    /** The last time somebody put this label on, null when nobody ever did. */
    newestLabeledEvent: (repo: Repo, number: number, label: string, options: CallOptions = {}) =>
      newestEvent(repo, number, { kind: "labeled", label, ...options }),

    /** The last time that somebody closed it, or took this label off; null when nobody ever did. */
    newestEvent,
  };
}

/** Which events; of every label where none is named. */
interface EventWish {
  readonly kind: "labeled" | "unlabeled" | "closed";
  readonly label?: string;
}

function hasLabel(issue: Issue, label: string): boolean {
  return issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
}
