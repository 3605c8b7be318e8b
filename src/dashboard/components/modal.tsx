import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

export interface ModalProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** called on Escape; where it is left out, the dialog stays until its task is done */
  onClose?(): void;
  /** takes files that are dropped while it is open, anywhere: behind it nothing can be reached */
  onDrop?(transfer: DataTransfer): void;
  readonly isWide?: boolean;
}

/** A dialog of the browser's own: it keeps the focus inside, and gives it back to where it was. */
export function Modal({ title, children, onClose, onDrop, isWide = false }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isLeaving = useRef(false);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      isLeaving.current = true;
      // Closed by itself it gives the focus back to where it was; merely taken out of the page it does not.
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={isWide ? 'modal wide' : 'modal'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onDrop={(event) => {
        if (onDrop === undefined || event.dataTransfer === null) return;
        event.preventDefault();
        event.stopPropagation();
        onDrop(event.dataTransfer);
      }}
      // The browser closes on a second Escape whatever was said to the first.
      onClose={() => {
        if (isLeaving.current) return;
        if (onClose === undefined) dialog.current?.showModal();
        else onClose();
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
