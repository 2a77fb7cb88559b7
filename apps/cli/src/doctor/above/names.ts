/** What programs look for in every folder above the one they work in, and what comes of it. */
export interface FoundUpwards {
  readonly names: readonly RegExp[];
  /** After "…/package.json: ". */
  readonly effect: string;
  /** Part of every user's home folder, and meant for everything that this user does. */
  readonly usualInHome?: boolean;
}

export const FOUND_UPWARDS: readonly FoundUpwards[] = [
  {
    names: [/^package\.json$/],
    effect: "in a repository without one Node takes its module type from it, and npm works on it",
  },
  {
    names: [/^node_modules$/, /^\.pnp\.c?js$/],
    effect: "its packages are found in every workspace, so a missing dependency is not noticed",
  },
  {
    names: [/^pnpm-workspace\.yaml$/, /^lerna\.json$/, /^nx\.json$/, /^turbo\.json$/, /^\.yarnrc\.yml$/],
    effect: "package managers take every workspace for a part of it",
  },
  { names: [/^\.npmrc$/, /^\.yarnrc$/], effect: "npm and yarn read their settings from it", usualInHome: true },
  {
    names: [/^\.git$/],
    effect: "an agent's git does not look there, but other programs take it for the repository's root",
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
    effect: "formatters use it in a repository without one of its own",
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
    effect: "linters use it in a repository without one of its own",
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
    effect: "compilers use it in a repository without one of its own",
  },
  {
    names: [/^CLAUDE(\.local)?\.md$/, /^AGENTS(\.override)?\.md$/, /^GEMINI\.md$/, /^\.cursorrules$/, /^\.mcp\.json$/],
    effect: "agents read it as instructions or tools of every repository",
  },
  {
    names: [/^\.claude$/, /^\.codex$/, /^\.gemini$/],
    effect: "agents read settings of every repository from it",
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
    effect: "version managers choose programs by it in every workspace",
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
    effect: "Python's tools take its folder for the project, and its settings",
  },
  { names: [/^Cargo\.toml$/], effect: "cargo takes every workspace for a part of it" },
  { names: [/^\.cargo$/], effect: "cargo reads its settings from it", usualInHome: true },
  { names: [/^go\.work$/, /^go\.mod$/], effect: "go takes every workspace for a part of it" },
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
    effect: "build tools that look upwards run it in a repository without one of its own",
  },
];
