// One filter's controls: a column, a condition, a value, and the place of what the server says against it.
import { clone, el, slot } from "../dom";
import type { Filter } from "./choice";
import { EXAMPLES, KINDS, kindOf, OPERATORS, WITHOUT_VALUE } from "./operators";

let serial = 0;  // for the ids of errors

export class FilterRow {
  readonly root = clone<HTMLLIElement>("filter");
  private readonly column = slot<HTMLSelectElement>(this.root, "column");
  private readonly operator = slot<HTMLSelectElement>(this.root, "operator");
  private readonly value = slot<HTMLInputElement>(this.root, "value");
  private readonly error = slot(this.root, "error");

  // `changed` after each change of the filter; it says whether more typing may follow.
  constructor(readonly filter: Filter, private readonly types: Map<string, string>, columns: string[],
              changed: (typing: boolean) => void, removed: (row: FilterRow) => void) {
    this.error.id = `error-${serial += 1}`;
    this.value.setAttribute("aria-describedby", this.error.id);
    this.column.append(...columns.map((name) => el("option", { value: name }, name)));
    this.column.value = filter.column;
    this.value.value = filter.value;
    this.column.onchange = () => {
      filter.column = this.column.value;
      const { operators } = KINDS[this.kind()];
      if (!operators.includes(filter.operator)) filter.operator = operators[0]!;
      this.offer();
      changed(false);
    };
    this.operator.onchange = () => { filter.operator = this.operator.value; this.offer(); changed(false); };
    this.value.oninput = () => { filter.value = this.value.value; changed(true); };
    slot(this.root, "remove").onclick = () => removed(this);
    this.offer();
  }

  focus() {
    this.column.focus();
    this.root.scrollIntoView({ block: "nearest" });
  }

  // An empty text takes it back.
  complain(text: string) {
    this.error.textContent = text;
    this.value.ariaInvalid = text ? "true" : null;
  }

  private kind() { return kindOf(this.types.get(this.filter.column) ?? ""); }

  private offer() {
    const { operator } = this.filter;
    const kind = KINDS[this.kind()];
    const offered = new Set([...kind.operators, operator]);
    this.operator.replaceChildren(...[...offered].map((name) => el("option", { value: name }, OPERATORS[name] ?? name)));
    this.operator.value = operator;
    this.value.disabled = WITHOUT_VALUE.includes(operator);
    this.value.placeholder = EXAMPLES[operator] ?? kind.example;
  }
}
