import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import type { Area, MayWrite } from "./mayWrite.ts";
import { permissionSchema, repositorySchema } from "./schemas.ts";
import type { CallOptions, Permission, Repo, RepositoryResult } from "./types.ts";
import { nameOf, repoKey } from "./urls.ts";

const PERMISSION_TTL_MS = 10 * 60_000;
/** A missing permission is cached only briefly, because a user may have just granted it and waits for the effect. */
const REFUSED_TTL_MS = 60_000;
/** How long a repository is cached. If a run misses a change meanwhile, its push is refused. */
const RECENT_MS = 60_000;
const MAX_PERMISSIONS = 1000;

interface RepositoryNeeds {
  readonly isApp: (options: CallOptions) => Promise<boolean>;
  readonly mayWrite: (repo: Repo, area: Area, options: CallOptions) => Promise<MayWrite>;
  readonly now: () => number;
}

/** Calls about accounts and repositories as a whole. */
export function repositoryCalls({ one }: Caller, { isApp, mayWrite, now }: RepositoryNeeds) {
  const pushes = new Map<string, { may: boolean; until: number }>();

  /** Return whether the token may push. GitHub does not show an App its permissions, so a write is tried, at most once in 10 minutes. */
  async function mayPush(repo: Repo, options: CallOptions): Promise<boolean> {
    if (!(await isApp(options))) return false;
    const known = pushes.get(repoKey(repo));
    if (known !== undefined && now() < known.until) return known.may;
    const may = (await mayWrite(repo, "Contents", options)) !== "no";
    pushes.set(repoKey(repo), { may, until: now() + (may ? PERMISSION_TTL_MS : REFUSED_TTL_MS) });
    return may;
  }

  const permissions = new Map<string, { permission: Permission; until: number }>();

  async function askPermission(repo: Repo, login: string, options: CallOptions): Promise<Permission> {
    try {
      const route = "GET /repos/{owner}/{repo}/collaborators/{login}/permission";
      const answer = await one({ route, params: { ...nameOf(repo), login }, schema: permissionSchema, ...options });
      return permissionOf(answer.permission);
    } catch (error) {
      if (error instanceof GitHubError && error.kind === "not-found") return "none";
      throw error;
    }
  }

  async function readRepository(repo: Repo, options: CallOptions): Promise<RepositoryResult> {
    try {
      const route = "GET /repos/{owner}/{repo}";
      const raw = await one({
        route,
        params: { ...nameOf(repo) },
        schema: repositorySchema,
        follow: true,
        ...options,
      });
      if (raw.full_name.toLowerCase() !== repoKey(repo)) return { kind: "moved", to: raw.full_name };
      const slash = raw.full_name.indexOf("/");
      return {
        kind: "found",
        id: raw.id,
        owner: raw.full_name.slice(0, slash),
        repo: raw.full_name.slice(slash + 1),
        defaultBranch: raw.default_branch,
        canPush: (raw.permissions?.push ?? false) || raw.archived || (await mayPush(repo, options)),
        archived: raw.archived,
        private: raw.private,
      };
    } catch (error) {
      if (error instanceof GitHubError && (error.kind === "not-found" || error.kind === "removed"))
        return { kind: "missing" };
      throw error;
    }
  }

  const usable = new Map<string, { answer: RepositoryResult; until: number }>();

  /** Read a repository, and replace the cached one, which may have another default branch. */
  async function repository(repo: Repo, options: CallOptions = {}): Promise<RepositoryResult> {
    const key = repoKey(repo);
    const until = now() + RECENT_MS;
    usable.delete(key);
    const answer = await readRepository(repo, options);
    if (answer.kind === "found" && answer.canPush && !answer.archived) usable.set(key, { answer, until });
    return answer;
  }

  return {
    /** Return the repository as it is now; `moved`: GitHub responds with another one. */
    repository,

    /**
     * Return the repository as it was within the last minute. The response changes with each issue and push, so a repeated request is not a
     * 304. Only a repository that can be pushed to is cached. After a refusal, call `repository`.
     */
    recentRepository: async (repo: Repo, options: CallOptions = {}): Promise<RepositoryResult> => {
      const known = usable.get(repoKey(repo));
      return known !== undefined && now() < known.until ? known.answer : repository(repo, options);
    },

    /** Return the permission of an account in the repository; cached for 10 minutes. An unknown account has none. */
    permission: async (repo: Repo, login: string, options: CallOptions = {}): Promise<Permission> => {
      const key = `${repoKey(repo)}/${login.toLowerCase()}`;
      const known = permissions.get(key);
      if (known !== undefined && now() < known.until) return known.permission;
      const permission = await askPermission(repo, login, options);
      permissions.delete(key);
      permissions.set(key, { permission, until: now() + PERMISSION_TTL_MS });
      for (const oldest of permissions.keys()) {
        if (permissions.size <= MAX_PERMISSIONS) break;
        permissions.delete(oldest);
      }
      return permission;
    },
  };
}

function permissionOf(word: string): Permission {
  switch (word) {
    case "admin":
      return "admin";
    case "write":
    case "maintain":
      return "write";
    case "read":
    case "triage":
      return "read";
    default:
      return "none";
  }
}
