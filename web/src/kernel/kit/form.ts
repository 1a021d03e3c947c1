// Forms whose rules live on the server: values, busy, and errors by field from a 422 answer.
import { type SyntheticEvent, useRef, useState } from "react";
import { fieldTexts } from "../api/field-texts";
import { Problem } from "../api/problem";
import { kernelText } from "../i18n/kernel";

type Errors<V> = Partial<Record<keyof V, string>>;

interface FormOptions<V, R> {
  initial: V;
  /** Checks before sending; the words of each broken rule by field. */
  check?: (values: V) => Errors<V>;
  send: (values: V) => Promise<R>;
  done?: (result: R, values: V) => void;
}

/** `bind("name")` wires a text field; `failure` is an error that belongs to no field. */
export function useForm<V extends Record<string, unknown>, R>({
  initial,
  check,
  send,
  done,
}: FormOptions<V, R>) {
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Errors<V>>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef(false);

  function set<K extends keyof V>(name: K, value: V[K]): void {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => ({ ...before, [name]: undefined }));
  }

  function bind<K extends keyof V & string>(name: K) {
    return {
      name,
      value: String(values[name] ?? ""),
      error: errors[name],
      onChange: (event: { target: { value: string } }) => set(name, event.target.value as V[K]),
    };
  }

  function show(found: Errors<V>, form: HTMLFormElement | null): boolean {
    setErrors(found);
    const first = Object.keys(found).find((name) => found[name]);
    if (!first) return false;
    const field = form?.elements.namedItem(first) as HTMLElement | null;
    // What is folded away cannot be focused, and nobody would see what is wrong with it.
    const folded = field?.closest?.("details");
    if (folded) folded.open = true;
    field?.focus?.();
    return true;
  }

  async function submit(event?: SyntheticEvent<HTMLFormElement>): Promise<void> {
    event?.preventDefault();
    const form = event?.currentTarget ?? null;
    if (running.current || show(check?.(values) ?? {}, form)) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    try {
      const result = await send(values);
      done?.(result, values);
    } catch (error) {
      const known = error instanceof Problem ? knownFields(error, values) : {};
      if (!show(known, form)) setFailure(error);
    } finally {
      running.current = false;
      setBusy(false);
    }
  }

  return { values, errors, failure, busy, set, bind, submit, setErrors };
}

function knownFields<V extends object>(problem: Problem, values: V): Errors<V> {
  const found: Errors<V> = {};
  for (const [name, text] of Object.entries(fieldTexts(problem, () => kernelText.now().fault))) {
    if (name in values) found[name as keyof V] = text;
  }
  return found;
}
