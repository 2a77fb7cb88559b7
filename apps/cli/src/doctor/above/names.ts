/** Files that programs search for in every folder above the current one, and their effect. */
export interface FoundUpwards {
  readonly names: readonly RegExp[];
  /** The effect, as text after "…/package.json: ". */
  readonly effect: string;
  /** Whether the file is usual in the user's home folder, where it applies to everything that the user does. */
  readonly usualInHome?: boolean;
}

export const FOUND_UPWARDS: readonly FoundUpwards[] = [
  {
    names: [/^package\.json$/],
    effect: "in a repository without this file, Node reads its module type and npm works on it",
  },
  {
    names: [/^node_modules$/, /^\.pnp\.c?js$/],
    effect: "every workspace finds its packages, so a missing dependency goes unnoticed",
  },
  {
    names: [/^pnpm-workspace\.yaml$/, /^lerna\.json$/, /^nx\.json$/, /^turbo\.json$/, /^\.yarnrc\.yml$/],
    effect: "package managers treat every workspace as part of it",
  },
  { names: [/^\.npmrc$/, /^\.yarnrc$/], effect: "npm and yarn read their settings from it", usualInHome: true },
  {
    names: [/^\.git$/],
    effect: "git of an agent ignores it, but other programs treat it as the repository's root",
  },
  {
    names: [
      /^\.prettierrc/,
      /^prettier\.config\./,
      /^\.editorconfig$/,
      /^\.clang-format$/,
      /^rustfmt\.toml$/,
      /^\.rustfmt\.toml$/,
    ],
    effect: "formatters use it in a repository that has no such file",
  },
  {
    names: [
      /^eslint\.config\./,
      /^\.eslintrc/,
      /^biome\.jsonc?$/,
      /^\.?stylelintrc/,
      /^\.rubocop\.yml$/,
      /^\.clang-tidy$/,
      /^\.?oxlintrc/,
    ],
    effect: "linters use it in a repository that has no such file",
  },
  {
    names: [
      /^tsconfig\.json$/,
      /^jsconfig\.json$/,
      /^deno\.jsonc?$/,
      /^babel\.config\./,
      /^\.babelrc/,
      /^\.browserslistrc$/,
    ],
    effect: "compilers use it in a repository that has no such file",
  },
  {
    names: [/^CLAUDE(\.local)?\.md$/, /^AGENTS(\.override)?\.md$/, /^GEMINI\.md$/, /^\.cursorrules$/, /^\.mcp\.json$/],
    effect: "agents read it as instructions or tools for every repository",
  },
  {
    names: [/^\.claude$/, /^\.codex$/, /^\.gemini$/],
    effect: "agents read settings for every repository from it",
    usualInHome: true,
  },
  {
    names: [
      /^\.tool-versions$/,
      /^\.?mise\.toml$/,
      /^\.nvmrc$/,
      /^\.node-version$/,
      /^\.python-version$/,
      /^\.ruby-version$/,
      /^rust-toolchain(\.toml)?$/,
      /^\.envrc$/,
    ],
    effect: "version managers use it to choose programs in every workspace",
  },
  {
    names: [
      /^pyproject\.toml$/,
      /^setup\.cfg$/,
      /^tox\.ini$/,
      /^pytest\.ini$/,
      /^conftest\.py$/,
      /^\.?ruff\.toml$/,
      /^mypy\.ini$/,
      /^\.flake8$/,
    ],
    effect: "Python tools treat its folder as the project, and use its settings",
  },
  { names: [/^Cargo\.toml$/], effect: "cargo treats every workspace as part of it" },
  { names: [/^\.cargo$/], effect: "cargo reads its settings from it", usualInHome: true },
  { names: [/^go\.work$/, /^go\.mod$/], effect: "go treats every workspace as part of it" },
  {
    names: [
      /^Makefile$/i,
      /^\.?justfile$/i,
      /^Taskfile\.ya?ml$/,
      /^(docker-)?compose\.ya?ml$/,
      /^settings\.gradle(\.kts)?$/,
      /^MODULE\.bazel$/,
      /^Gemfile$/,
      /^composer\.json$/,
    ],
    effect: "build tools that search parent folders run it in a repository that has no such file",
  },
];
