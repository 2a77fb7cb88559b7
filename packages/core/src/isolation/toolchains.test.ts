import { expect, test } from "vitest";
import { toolchainVariables } from "./toolchains.ts";

const HOME = "/home/pi";
const ask = (env: Record<string, string>, ...there: string[]) => {
  const places = new Set(there.map((path) => `${HOME}/${path}`));
  return toolchainVariables(env, HOME, (path) => places.has(path));
};

test.each([
  [".rustup", { RUSTUP_HOME: "/home/pi/.rustup" }],
  [".pyenv", { PYENV_ROOT: "/home/pi/.pyenv" }],
  [".nvm", { NVM_DIR: "/home/pi/.nvm" }],
  [".volta", { VOLTA_HOME: "/home/pi/.volta" }],
  [".asdf", { ASDF_DATA_DIR: "/home/pi/.asdf" }],
  [".local/share/mise", { MISE_DATA_DIR: "/home/pi/.local/share/mise" }],
  [".sdkman", { SDKMAN_DIR: "/home/pi/.sdkman" }],
  [".dotnet/dotnet", { DOTNET_ROOT: "/home/pi/.dotnet" }],
  [".local/share/uv/python", { UV_PYTHON_INSTALL_DIR: "/home/pi/.local/share/uv/python" }],
])("%s is found by its variable", (folder, wanted) => {
  expect(ask({ PATH: "/bin" }, folder)).toEqual({ ...wanted, PATH: "/bin" });
});

test("what is set stays, and what is not there is not set", () => {
  expect(ask({ PATH: "/bin", RUSTUP_HOME: "/opt/rust" }, ".rustup")).toEqual({ PATH: "/bin" });
  expect(ask({ PATH: "/bin" }, ".dotnet")).toEqual({ PATH: "/bin" });
});

test("folders of programs come last on the PATH, once", () => {
  const path = `/home/pi/.cargo/bin:/bin`;
  expect(ask({ PATH: path }, ".cargo/bin", ".local/bin")).toEqual({ PATH: `${path}:/home/pi/.local/bin` });
});

test("no variable points to a folder that holds credentials, or above one", () => {
  const secrets = [
    ".cargo/credentials.toml",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".ssh",
    ".aws",
    ".config/gh",
    ".config/gcloud",
    ".docker/config.json",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".gem/credentials",
    ".claude/.credentials.json",
    ".local/share/uv/credentials",
    ".local/share/keyrings",
  ].map((path) => `${HOME}/${path}`);
  const { PATH, ...variables } = toolchainVariables({}, HOME, () => true);
  expect(Object.keys(variables).length).toBeGreaterThan(10);
  for (const folder of Object.values(variables)) {
    expect(secrets.filter((path) => path === folder || path.startsWith(`${folder}/`))).toEqual([]);
  }
  expect(PATH).toContain("/home/pi/.cargo/bin");
});
