import { PageHead } from '../../components/page-head.tsx';

export function FilePage({ fileId }: { readonly fileId: number }) {
  return <PageHead title={`File ${fileId}`} />;
}
