import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const { packages } = JSON.parse(read("package-lock.json"));

/** Packages for Linux on x64 only, each with the name of its build for arm64. */
const forX64 = Object.entries(packages)
  .filter(([, { os = ["linux"], cpu }]) => os.includes("linux") && cpu?.includes("x64") && !cpu.includes("arm64"))
  .map(([path]) => [path, path.replace(/x64|x86_64|amd64|(?<=linux-)64/, "arm64")]);

it("every package for Linux on x64 has a build for arm64, of the same version", () => {
  expect(forX64.length).toBeGreaterThan(5);
  const missing = forX64.filter(([path, other]) => packages[other]?.version !== packages[path].version);
  expect(missing).toEqual([]);
  for (const [, other] of forX64) expect([packages[other].cpu].flat()).toEqual(["arm64"]);
});

it("no other package is for one architecture", () => {
  const known = new Set(forX64.flat());
  const others = Object.entries(packages).filter(
    ([path, { os = ["linux"], cpu = [] }]) =>
      os.includes("linux") && cpu.length > 0 && !cpu.includes("arm64") && !known.has(path),
  );
  // Builds for other architectures than these two.
  const further =
    /(?:^|[-/])(?:arm|armv7|ia32|ppc64|ppc64le|powerpc64le|riscv64|riscv64gc|s390x|loong64|mips64el|wasm32)(?:[-/]|$)/;
  expect(others.map(([path]) => path).filter((path) => !further.test(path))).toEqual([]);
});

it("every package with an install script has builds for both architectures in the lockfile", () => {
  const scripted = Object.values(packages).filter(({ hasInstallScript }) => hasInstallScript);
  expect(scripted.length).toBeGreaterThan(0);
  for (const { optionalDependencies } of scripted) {
    const names = Object.keys(optionalDependencies ?? {});
    for (const cpu of ["x64", "arm64"])
      expect(names).toContainEqual(expect.stringMatching(new RegExp(`linux-${cpu}$`)));
  }
});

/** Names of an architecture: a download with such a name would work on one architecture only. */
const ARCHITECTURE = /\b(?:x86[-_]64|amd64|x64|aarch64|arm64)\b/;

it("the images name no architecture, and only download packages", () => {
  const dockerfile = read("Dockerfile").replaceAll(/^#.*$/gm, "");
  expect(dockerfile).not.toMatch(ARCHITECTURE);
  expect(dockerfile).not.toMatch(/\b(?:curl|wget|ADD)\b|--platform/);
  for (const file of ["docker-compose.yml", "docker-compose.override.yml", "docker-compose.runner.yml"]) {
    expect(read(file)).not.toMatch(/platform:|\b(?:x86[-_]64|amd64|aarch64|arm64)\b/);
  }
});

/** npm packages that the images and the installer download without the lockfile. Their program is a separate package for each platform. */
it.each([
  ["Dockerfile", /CLAUDE_CODE_VERSION=(\S+)/],
  ["deploy/install.sh", /CLAUDE_CODE_VERSION=(\S+)/],
])("Claude Code in %s has the version of the lockfile, which has it for arm64", (file, pattern) => {
  const [, version] = pattern.exec(read(file)) ?? [];
  expect(version).toBe(packages["node_modules/@anthropic-ai/claude-code"].version);
  for (const cpu of ["x64", "arm64"]) {
    expect(packages[`node_modules/@anthropic-ai/claude-code-linux-${cpu}`]?.version).toBe(version);
  }
});

it("the images are built for both architectures", () => {
  expect(read(".github/workflows/images.yml")).toContain("platforms: linux/amd64,linux/arm64");
});
