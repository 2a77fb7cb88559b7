import type { LabelDefinition } from "../domain/labels.ts";
import { outgoingDescription } from "../outgoing/outgoing.ts";
import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { anySchema, labelsSchema } from "./schemas.ts";
import type { CallOptions, Repo } from "./types.ts";
import { nameOf, repoKey } from "./urls.ts";

/** Calls about labels. They never set all labels at once, because that would undo changes by others. */
export function labelCalls({ one, redact }: Caller) {
  const ensured = new Set<string>();
  return {
    /** Add a label. No effect if the issue already has it. Sent once, like every POST. */
    addLabel: async (repo: Repo, number: number, label: string, options: CallOptions = {}): Promise<void> => {
      const route = "POST /repos/{owner}/{repo}/issues/{number}/labels";
      await one({ route, params: { ...nameOf(repo), number, labels: [label] }, schema: anySchema, ...options });
    },

    /**
     * Remove a label. No effect if the issue does not have it. @returns the remaining labels of the issue; null: unknown, because the issue
     * did not have the label, or does not exist
     */
    removeLabel: async (
      repo: Repo,
      number: number,
      label: string,
      options: CallOptions = {},
    ): Promise<readonly string[] | null> => {
      try {
        const route = "DELETE /repos/{owner}/{repo}/issues/{number}/labels/{label}";
        return await one({ route, params: { ...nameOf(repo), number, label }, schema: labelsSchema, ...options });
      } catch (error) {
        if (!(error instanceof GitHubError) || error.kind !== "not-found") throw error;
        return null;
      }
    },

    /** Return whether the repository has the label. */
    hasLabel: async (repo: Repo, name: string, options: CallOptions = {}): Promise<boolean> => {
      try {
        const route = "GET /repos/{owner}/{repo}/labels/{name}";
        await one({ route, params: { ...nameOf(repo), name }, schema: anySchema, ...options });
        return true;
      } catch (error) {
        if (error instanceof GitHubError && error.kind === "not-found") return false;
        throw error;
      }
    },

    /** Create the label in the repository if it is missing. The request is sent once per process. */
    ensureLabel: async (repo: Repo, label: LabelDefinition, options: CallOptions = {}): Promise<void> => {
      const key = `${repoKey(repo)}/${label.name.toLowerCase()}`;
      if (ensured.has(key)) return;
      try {
        const route = "POST /repos/{owner}/{repo}/labels";
        const { name, color, description } = label;
        const texts = { description: outgoingDescription(description, redact) };
        await one({ route, params: { ...nameOf(repo), name, color }, texts, schema: anySchema, ...options });
      } catch (error) {
        const exists = error instanceof GitHubError && error.kind === "invalid" && /already.exists/i.test(error.detail);
        if (!exists) throw error;
      }
      ensured.add(key);
    },
  };
}
