// The SQL editor: CodeMirror in a shadow root, where its styles are style sheets of their own and not elements, which
// the page's policy would refuse. Tab leaves it, as it leaves any other field.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap,
         currentCompletions } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { diagnosticCount, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sqlLanguage } from "./completion";
import { placeOf } from "./place";

export interface EditorEvents {
  changed(sql: string): void;
  run(): void;
  cancel(): void;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--sql-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sql-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--sql-number)" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--sql-function)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation], color: "var(--quiet)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "var(--code-size)", borderRadius: "inherit" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "8.5rem", maxHeight: "45vh" },
  ".cm-content": { padding: ".75rem 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 1rem 0 .5rem" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "0", minWidth: "2.5rem" },
  // The browser's own caret and selection: CodeMirror's caret is an animation, which keeps two threads busy at each frame.
  ".cm-content ::selection": { backgroundColor: "var(--selected)" },
  ".cm-placeholder": { color: "var(--quiet)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--wash)", outline: "1px solid var(--edge)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1.5px",
                           textUnderlineOffset: "3px", backgroundColor: "var(--bad-wash)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line)",
                   borderRadius: ".4rem", boxShadow: "0 6px 24px rgb(0 0 0 / .18)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: ".8125rem", maxHeight: "14rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".25rem .6rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--surface)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: ".75" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)", padding: ".35rem .6rem", whiteSpace: "pre-wrap",
                            maxWidth: "32rem" },
});

export class Editor {
  private readonly view: EditorView;
  private readonly language = new Compartment();

  constructor(host: HTMLElement, sql: string, events: EditorEvents) {
    const root = host.attachShadow({ mode: "open" });
    const handled = (act: () => void) => () => { act(); return true; };
    // Escape closes a list of completions that is shown; of one that is still being made nobody knows.
    const cancel = (view: EditorView) => !currentCompletions(view.state).length && handled(events.cancel)();
    const keys = keymap.of([
      { key: "Mod-Enter", run: handled(events.run) }, { key: "Escape", run: cancel },
      ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap,
    ]);
    const state = EditorState.create({
      doc: sql,
      extensions: [
        keys, lineNumbers(), history(), bracketMatching(), closeBrackets(),
        autocompletion({ icons: false, defaultKeymap: false }), syntaxHighlighting(colours), look, EditorView.lineWrapping,
        this.language.of(sqlLanguage([])), placeholder("SELECT … FROM a dataset"),
        EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false",
                                          autocapitalize: "off", autocorrect: "off" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) events.changed(this.sql); }),
      ],
    });
    this.view = new EditorView({ state, parent: root, root });
  }

  get sql() { return this.view.state.doc.toString(); }

  set sql(sql: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: sql } });
  }

  focus() { this.view.focus(); }
  close() { this.view.destroy(); }

  offer(tables: string[]) {
    this.view.dispatch({ effects: this.language.reconfigure(sqlLanguage(tables)) });
  }

  insert(text: string) {
    const { state } = this.view;
    const { from } = state.selection.main;
    const spaced = from > 0 && /\w/.test(state.sliceDoc(from - 1, from)) ? ` ${text}` : text;
    this.view.dispatch(state.replaceSelection(spaced));
    this.focus();
  }

  // Marks the place that the server's message names; null takes the mark away.
  mark(message: string | null) {
    const place = message === null ? null : placeOf(message, this.sql);
    const diagnostics = place ? [{ ...place, severity: "error" as const, message: place.message }] : [];
    if (place || diagnosticCount(this.view.state)) this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
    return place;
  }
}
