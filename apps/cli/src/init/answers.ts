import { firstFile } from "@tac8/core/config/document";
import { resolveConfig } from "@tac8/core/config/resolve";

/** The repository that `tac8 init` configures. */
export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** Parse `owner/name`, the address of a repository's page, or its clone URL; null: none of these. Pure. */
export function parseRepository(text: string): Repository | null {
  const trimmed = text
    .trim()
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  const [, owner, repo] =
    /^(?:https?:\/\/[^/]+\/|git@[^:]+:)?([A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9._-]+)$/.exec(trimmed) ?? [];
  return owner === undefined || repo === undefined ? null : { owner, repo };
}

/** Return the text of the configuration, and its problems. Pure. */
export function renderConfig(given: Repository & { readonly apiUrl: string | null; readonly appId: number | null }): {
  readonly text: string;
  readonly problems: readonly string[];
} {
  const text = firstFile(given);
  const { problems } = resolveConfig({
    text,
    path: "/config.toml",
    folder: { realPath: "/", oldNames: [] },
    env: { TAC8_HOME: "/" }, // The file does not contain the data folder.
    readSecretFile: () => "",
  });
  return { text, problems: problems.map(({ key, message }) => `${key}: ${message}`) };
}

/** Quote a word for the shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
