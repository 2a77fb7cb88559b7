import { firstFile } from "@tac8/core/config/document";
import { resolveConfig } from "@tac8/core/config/resolve";

/** What `tac8 init` has to know. */
export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** `owner/name`, or the address of a repository's page or of its clone; null: it is neither. Pure. */
export function parseRepository(text: string): Repository | null {
  const trimmed = text
    .trim()
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  const [, owner, repo] =
    /^(?:https?:\/\/[^/]+\/|git@[^:]+:)?([A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9._-]+)$/.exec(trimmed) ?? [];
  return owner === undefined || repo === undefined ? null : { owner, repo };
}

/** The text of the configuration, or what is wrong with it. Pure. */
export function renderConfig(given: Repository & { readonly apiUrl: string | null; readonly appId: number | null }): {
  readonly text: string;
  readonly problems: readonly string[];
} {
  const text = firstFile(given);
  const { problems } = resolveConfig({
    text,
    path: "/config.toml",
    folder: { realPath: "/", oldNames: [] },
    env: { TAC8_HOME: "/" }, // The file says nothing of the data folder.
    readSecretFile: () => "",
  });
  return { text, problems: problems.map(({ key, message }) => `${key}: ${message}`) };
}

/** A word as a shell reads it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
