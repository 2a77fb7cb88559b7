/** Git ended with another exit code than 0: an answer, such as "there is no such commit". */
export class GitRefusal extends Error {
  override readonly name = "GitRefusal";
}
