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

/** What is read of a ruleset. */
export interface RulesetFacts {
  /** Whether the token is exempt from it; null: GitHub does not say. */
  readonly bypass: boolean | null;
  /** Patterns of refs that it leaves out, such as `refs/heads/users/**`. */
  readonly exclude: readonly string[];
}

/** Calls about rulesets. Classic branch protection of branches that do not exist yet cannot be read. */
export function ruleCalls({ one, all }: Caller) {
  return {
    /**
     * Whether any ruleset may apply to the repository, those of its owner included. An unchanged answer costs only a 304, unlike
     * the rules of a branch, whose name is new each time. False is certain; what cannot be read is true.
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

    /** The active rules for a branch of this name, whether it exists or not; null: an older server, which has none. */
    branchRules: async (repo: Repo, branch: string, options: CallOptions = {}): Promise<BranchRule[] | null> => {
      const route = "GET /repos/{owner}/{repo}/rules/branches/{branch}";
      try {
        return await all({ route, params: { ...nameOf(repo), branch }, schema: ruleSchema, ...options });
      } catch (error) {
        if (error instanceof GitHubError && error.kind === "not-found") return null;
        throw error;
      }
    },

    /** Of a ruleset that cannot be read, nothing is known. */
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
