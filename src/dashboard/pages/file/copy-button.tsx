import { useState } from 'preact/hooks';
import { announce } from '../../components/announcements.tsx';
import { Icon } from '../../components/icon.tsx';

/** Puts a text into the clipboard, and says whether that worked: browsers refuse it to a page that came by plain HTTP from elsewhere. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [label, setLabel] = useState('Copy');
  const say = (label: string, words: string) => {
    setLabel(label);
    announce(words);
  };
  const copy = () => {
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new TypeError('there is no clipboard'));
    written.then(
      () => say('Copied', `${what} copied`),
      () => say('Not allowed here', `The browser does not allow to copy here: mark the ${what} and copy it yourself`),
    );
  };
  return (
    <button type="button" class="button quiet copy-button" onClick={copy}>
      <Icon name="copies" />
      {label} <span class="visually-hidden">{what}</span>
    </button>
  );
}
