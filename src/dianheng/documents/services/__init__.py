from .bodies import issuing_body_set
from .copies import document_data, document_pdf, documents_run, paper_pdf, papers_run
from .files import content_erase, file_path, file_read, file_store
from .issue import (
    Draft,
    document_revoke,
    documents_issue,
    key_folder,
    known_keys,
    revocations_signed,
    signer,
)
from .labels import label_test_pdf, labels_print
from .numbers import number_void, numbers_take, series_name
from .uploads import Upload, upload_keep, uploads_judge

__all__ = [
    "Draft",
    "Upload",
    "content_erase",
    "document_data",
    "document_pdf",
    "document_revoke",
    "documents_issue",
    "documents_run",
    "file_path",
    "file_read",
    "file_store",
    "issuing_body_set",
    "key_folder",
    "known_keys",
    "label_test_pdf",
    "labels_print",
    "number_void",
    "numbers_take",
    "paper_pdf",
    "papers_run",
    "revocations_signed",
    "series_name",
    "signer",
    "upload_keep",
    "uploads_judge",
]
