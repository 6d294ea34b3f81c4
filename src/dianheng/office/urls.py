"""Addresses of the office."""

from django.urls import path

from .views import archives, attachments, regulations, volumes

urlpatterns = [
    path("processes/<str:number>/sheet.pdf", attachments.approval_sheet, name="approval_sheet"),
    path("processes/<str:number>/files/", attachments.process_files, name="process_files"),
    path("processes/<str:number>/files/<int:key>/", attachments.process_file, name="process_file"),
    path("processes/<str:number>/archive/", archives.from_process, name="process_archive"),
    path("processes/<str:number>/destroy/", archives.destroy, name="archive_destroy"),
    path("archive/", archives.piece_list, name="archive"),
    path("archive/new/", archives.piece_new, name="archive_new"),
    path("archive/fonds/", volumes.fonds_list, name="archive_fonds"),
    path("archive/retention/", archives.retention, name="archive_retention"),
    path("archive/catalogue/", volumes.catalogue, name="archive_catalogue"),
    path("archive/volumes/", volumes.volume_list, name="archive_volumes"),
    path("archive/volumes/new/", volumes.volume_new, name="archive_volume_new"),
    path("archive/volumes/<str:number>/", volumes.volume, name="archive_volume"),
    path("archive/volumes/<str:number>/close/", volumes.close, name="archive_volume_close"),
    path("archive/volumes/<str:number>/check/", volumes.check, name="archive_volume_check"),
    path("archive/volumes/<str:number>/<str:kind>.pdf", volumes.paper, name="archive_volume_paper"),
    path("archive/pieces/<str:number>/", archives.piece, name="archive_piece"),
    path("archive/pieces/<str:number>/correct/", archives.correct, name="archive_correct"),
    path("archive/pieces/<str:number>/files/<int:key>/", archives.file, name="archive_file"),
    path("archive/pieces/<str:number>/files/<int:key>/version/", archives.version, name="archive_version"),
    path("regulations/", regulations.regulation_list, name="regulations"),
    path("regulations/new/", regulations.regulation_new, name="regulation_new"),
    path("regulations/controls/", regulations.control_list, name="regulation_controls"),
    path("regulations/<str:slug>/", regulations.regulation, name="regulation"),
    path("regulations/<str:slug>/editions/new/", regulations.edition_new, name="edition_new"),
    path("regulations/<str:slug>/clauses/<int:key>/", regulations.control_new, name="control_new"),
    path("regulations/<str:slug>/controls/<int:key>/end/", regulations.control_end, name="control_end"),
    path("regulations/<str:slug>/controls/<int:key>/keep/", regulations.control_keep, name="control_keep"),
]  # fmt: skip
