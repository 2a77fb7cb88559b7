import { delimiter, join } from "node:path";

/** Variable that a tool in its owner's home folder needs if HOME is another folder. Paths are relative to its owner's home folder. */
interface Toolchain {
  /** As the tool documents it. */
  readonly variable: string;
  readonly value: string;
  /** Must be there; default: the value. */
  readonly mark?: string;
}

/**
 * Tools that find their programs by HOME. No folder that also holds credentials (`~/.cargo`, `~/.m2`, `~/.gradle`, `~/.gem`)
 * or a cache of packages is among them: caches are in the private home folder.
 */
const TOOLCHAINS: readonly Toolchain[] = [
  { variable: "RUSTUP_HOME", value: ".rustup" },
  { variable: "PYENV_ROOT", value: ".pyenv" },
  { variable: "RBENV_ROOT", value: ".rbenv" },
  { variable: "NODENV_ROOT", value: ".nodenv" },
  { variable: "GOENV_ROOT", value: ".goenv" },
  { variable: "NVM_DIR", value: ".nvm" },
  { variable: "FNM_DIR", value: ".local/share/fnm" },
  { variable: "VOLTA_HOME", value: ".volta" },
  { variable: "ASDF_DATA_DIR", value: ".asdf" },
  { variable: "MISE_DATA_DIR", value: ".local/share/mise" },
  { variable: "MISE_GLOBAL_CONFIG_FILE", value: ".config/mise/config.toml" },
  { variable: "PROTO_HOME", value: ".proto" },
  { variable: "SDKMAN_DIR", value: ".sdkman" },
  { variable: "DOTNET_ROOT", value: ".dotnet", mark: ".dotnet/dotnet" },
  { variable: "UV_PYTHON_INSTALL_DIR", value: ".local/share/uv/python" },
  { variable: "ELAN_HOME", value: ".elan" },
  { variable: "OPAMROOT", value: ".opam" },
  { variable: "PLAYWRIGHT_BROWSERS_PATH", value: ".cache/ms-playwright" },
  { variable: "PUPPETEER_CACHE_DIR", value: ".cache/puppeteer" },
  { variable: "CYPRESS_CACHE_FOLDER", value: ".cache/Cypress" },
];

/** Variables whose value is a folder, or a file, of a toolchain. */
export const TOOLCHAIN_VARIABLES = [...TOOLCHAINS.map(({ variable }) => variable), "JAVA_HOME", "GOROOT"];

/** Folders that shells put on the PATH by files in the home folder, which agents with another one do not read. */
const PROGRAMS = [
  ".local/bin",
  "bin",
  ".cargo/bin",
  ".volta/bin",
  ".asdf/shims",
  ".local/share/mise/shims",
  ".pyenv/shims",
  ".rbenv/shims",
  ".bun/bin",
  ".deno/bin",
  "go/bin",
  ".local/share/pnpm",
];

/**
 * The variables that tools in `home`, a user's home folder, need in an environment whose HOME is another one. What is
 * set stays; folders of programs come last on the PATH. Pure but for `has`, which says whether a path exists.
 */
export function toolchainVariables(
  env: Readonly<Record<string, string>>,
  home: string,
  has: (path: string) => boolean,
): Record<string, string> {
  const found = TOOLCHAINS.filter(
    ({ variable, value, mark = value }) => env[variable] === undefined && has(join(home, mark)),
  );
  const path = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const more = PROGRAMS.map((folder) => join(home, folder)).filter((folder) => !path.includes(folder) && has(folder));
  return {
    ...Object.fromEntries(found.map(({ variable, value }) => [variable, join(home, value)])),
    PATH: [...path, ...more].join(delimiter),
  };
}
