import { z } from "zod";
import type { BranchRule } from "../domain/branchRules.ts";
import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import type { CallOptions, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

const ruleSchema = z
  .object({
    type: z.string(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    ruleset_id: z.int().nullish(),
  })
  .transform((raw): BranchRule => ({
    type: raw.type,
    parameters: raw.parameters ?? {},
    rulesetId: raw.ruleset_id ?? null,
  }));

const rulesetSchema = z.object({
  current_user_can_bypass: z.string().nullish(),
  conditions: z.object({ ref_name: z.object({ exclude: z.array(z.string()).catch([]) }).optional() }).nullish(),
});

/** Facts about a ruleset. */
export interface RulesetFacts {
  /** Whether the token is exempt from it; null: GitHub does not report it. */
  readonly bypass: boolean | null;
  /** Patterns of excluded refs, such as `refs/heads/users/**`. */
  readonly exclude: readonly string[];
}

/** Calls about rulesets. Classic branch protection of branches that do not exist yet cannot be read. */
export function ruleCalls({ one, all }: Caller) {
  return {
    /**
     * Return whether a ruleset may apply to the repository, including rulesets of its owner. False is certain; true may also mean that the
     * list is not readable. An unchanged response costs only a 304, unlike the rules of a branch, whose name is new each time.
     */
    mayHaveRules: async (repo: Repo, options: CallOptions = {}): Promise<boolean> => {
      const route = "GET /repos/{owner}/{repo}/rulesets";
      try {
        const params = { ...nameOf(repo), includes_parents: true, per_page: 1 };
        return (await one({ route, params, schema: z.array(z.unknown()), ...options })).length > 0;
      } catch (error) {
        if (error instanceof GitHubError) return true;
        throw error;
      }
    },

    /** Return the active rules for a branch of this name, which need not exist; null: an older server without rulesets. */
    branchRules: async (repo: Repo, branch: string, options: CallOptions = {}): Promise<BranchRule[] | null> => {
      const route = "GET /repos/{owner}/{repo}/rules/branches/{branch}";
      try {
        return await all({ route, params: { ...nameOf(repo), branch }, schema: ruleSchema, ...options });
      } catch (error) {
        if (error instanceof GitHubError && error.kind === "not-found") return null;
        throw error;
      }
    },

    /** Return the facts about a ruleset. If it is not readable, they are unknown. */
    ruleset: async (repo: Repo, rulesetId: number, options: CallOptions = {}): Promise<RulesetFacts> => {
      const route = "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}";
      try {
        const params = { ...nameOf(repo), ruleset_id: rulesetId };
        const raw = await one({ route, params, schema: rulesetSchema, ...options });
        const { current_user_can_bypass: bypass } = raw;
        return {
          bypass: bypass == null ? null : bypass === "always" || bypass === "exempt",
          exclude: raw.conditions?.ref_name?.exclude ?? [],
        };
      } catch (error) {
        if (error instanceof GitHubError && ["not-found", "forbidden"].includes(error.kind)) {
          return { bypass: null, exclude: [] };
        }
        throw error;
      }
    },
  };
}
