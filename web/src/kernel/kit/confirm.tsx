// Questions before something that cannot be undone: `if (await confirm({...})) ...`.
import { useSyncExternalStore } from "react";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button } from "./button";
import { Dialog } from "./dialog";

export interface Question {
  title: string;
  /** What is lost, with count and size. */
  body: string;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
}

type Pending = Question & { answer: (yes: boolean) => void };

let pending: Pending | null = null;
const listeners = new Set<() => void>();

/** Asks in a dialog and tells whether the action was chosen. One question at a time. */
export function confirm(question: Question): Promise<boolean> {
  pending?.answer(false);
  return new Promise((resolve) => {
    set({
      ...question,
      answer: (yes) => {
        set(null);
        resolve(yes);
      },
    });
  });
}

/** Shows the questions; mounted once by the root. */
export function ConfirmHost() {
  const t = useText(kernelText);
  const question = useSyncExternalStore(subscribe, read, read);
  if (!question) return null;
  return (
    <Dialog
      open
      size="s"
      title={question.title}
      onClose={() => question.answer(false)}
      onSubmit={() => question.answer(true)}
      footer={
        <>
          <Button onClick={() => question.answer(false)}>{t.kit.cancel}</Button>
          <Button type="submit" variant={question.danger ? "danger" : "primary"} data-autofocus>
            {question.action}
          </Button>
        </>
      }
    >
      <p>{question.body}</p>
    </Dialog>
  );
}

function set(next: Pending | null): void {
  pending = next;
  for (const tell of listeners) tell();
}

function read(): Pending | null {
  return pending;
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
