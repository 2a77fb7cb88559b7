import { delimiter, join } from "node:path";

/** A variable that a tool in a user's home folder needs if HOME is another folder. Paths are relative to the user's home folder. */
interface Toolchain {
  /** Name of the variable, as the tool documents it. */
  readonly variable: string;
  readonly value: string;
  /** Path that must exist; default: the value. */
  readonly mark?: string;
}

/**
 * Tools that find their programs by HOME. Folders that also contain credentials (`~/.cargo`, `~/.m2`, `~/.gradle`, `~/.gem`) or a package
 * cache are not in the list: caches are in the private home folder.
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

/** Variables whose value is a folder or file of a toolchain. */
export const TOOLCHAIN_VARIABLES = [...TOOLCHAINS.map(({ variable }) => variable), "JAVA_HOME", "GOROOT"];

/** Folders that shells add to the PATH by files in the home folder, which agents with another home folder do not read. */
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
 * Return the variables that tools in `home`, a user's home folder, need in an environment whose HOME is another folder. Existing variables
 * are not changed. Folders of programs are added to the end of the PATH. Pure, except for `has`, which returns whether a path exists.
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
