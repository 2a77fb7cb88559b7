/** Names of folders that tools generate, in any folder. */
const FOLDERS = new Set([
  "node_modules",
  "bower_components",
  "jspm_packages",
  ".pnpm-store",
  ".npm",
  ".venv",
  "venv",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".hypothesis",
  ".tox",
  ".nox",
  ".eggs",
  ".ipynb_checkpoints",
  ".cache",
  ".parcel-cache",
  ".turbo",
  ".next",
  ".nuxt",
  ".svelte-kit",
  ".angular",
  ".vite",
  ".nyc_output",
  ".gradle",
  ".terraform",
  ".dart_tool",
  ".stack-work",
  "htmlcov",
]);
const FOLDER_ENDS = [".egg-info", ".dist-info"];

/** Folders that build tools write beside the file that describes the package. Elsewhere such a folder may have sources. */
const OUTPUTS: Readonly<Record<string, RegExp>> = {
  dist: /^(?:package\.json|pyproject\.toml|setup\.(?:py|cfg)|.*\.cabal)$/,
  target: /^(?:Cargo\.toml|pom\.xml|build\.sbt|project\.clj)$/,
  build: /^(?:build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|CMakeLists\.txt|setup\.py|pubspec\.yaml)$/,
  coverage: /^(?:package\.json|composer\.json|Gemfile)$/,
  obj: /\.(?:cs|fs|vb)proj$/,
};
/** Folders that are build output in the root folder, even without such a file. */
const ROOT_OUTPUTS = new Set(["dist", "target"]);

const FILES =
  /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|\.coverage|\.eslintcache|\.stylelintcache|npm-debug\.log.*|yarn-error\.log|yarn-debug\.log.*|pnpm-debug\.log.*|hs_err_pid\d+\.log|nohup\.out)$|\.(?:py[co]|class|o|tsbuildinfo)$/;

/** Settings of an agent, which its program excludes from git in the account's ignore file. */
const AGENT_SETTINGS = /(?:^|\/)\.claude\/settings\.local\.json$/;

/** Return whether a tool generates files with this name. Pure. */
export function isGeneratedFile(path: string): boolean {
  return FILES.test(path.slice(path.lastIndexOf("/") + 1)) || AGENT_SETTINGS.test(path);
}

/**
 * Return the outermost folder of a path that a tool generates, with a trailing slash, or null.
 * @param filesIn returns the names of the files in a folder; called only if they decide
 */
export async function generatedFolder(
  path: string,
  filesIn: (folder: string) => Promise<readonly string[]>,
): Promise<string | null> {
  const parts = path.split("/");
  let parent = "";
  for (const name of parts.slice(0, -1)) {
    const folder = `${parent}${name}/`;
    if (FOLDERS.has(name) || FOLDER_ENDS.some((end) => name.endsWith(end))) return folder;
    const describes = Object.hasOwn(OUTPUTS, name) ? OUTPUTS[name] : undefined;
    if (describes !== undefined) {
      const atRoot = parent === "" && ROOT_OUTPUTS.has(name);
      if (atRoot || (await filesIn(parent)).some((file) => describes.test(file))) return folder;
    }
    parent = folder;
  }
  return null;
}
