"""Pages of genomics."""

from django.urls import path

from genomics import views

app_name = "genomics"

STUDY = "studies/<uuid:uid>/genomics/"
MATRIX = f"{STUDY}matrices/<uuid:matrix_uid>/"

urlpatterns = [
    path(STUDY, views.phenotype, name="phenotype"),
    path(f"{STUDY}labels.csv", views.labels_csv, name="labels_csv"),
    path(f"{STUDY}signatures/", views.signatures, name="signatures"),
    path(f"{STUDY}signatures/abundances.csv", views.abundances_csv, name="abundances_csv"),
    path(f"{STUDY}batches/", views.batches, name="batches"),
    path(f"{STUDY}specimens/", views.specimens, name="specimens"),
    path(f"{STUDY}matrices/", views.matrices, name="matrices"),
    path(MATRIX, views.matrix, name="matrix"),
    path(f"{MATRIX}quality/", views.quality, name="quality"),
]
