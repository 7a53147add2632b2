/** The languages that are understood, by VS Code's identifiers. */
export const LANGUAGES = ['python', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact'] as const;

export type LanguageId = (typeof LANGUAGES)[number];

export function isLanguage(id: string): id is LanguageId {
  return LANGUAGES.some((language) => language === id);
}

/** Whether a text can import one of the libraries: a quick test, which most files of a workspace fail. */
export function namesLibrary(text: string): boolean {
  return /keras|tensorflow|torch|\btf\b/.test(text);
}
