from .campaigns import Campaign, CampaignChange, CampaignDay, CampaignGoal, CampaignMeasure, CampaignResources
from .catalogue import Indicator, IndicatorTerms, PublicService, ReportingSettings, ServiceTerms, Target, TargetEvent
from .change_count import ChangeCount
from .circulars import CircularForm
from .codes import IssuedCode
from .difficulties import Difficulty, DifficultyStep
from .exports import LEVELS_BELOW, ExportJob
from .interim import ChosenNarrative, InterimReport, WordTemplate
from .periods import Holiday, LevelSetting, ParticipatingArea, Period, PeriodClosure, PeriodDeadline
from .publishing import Correction, PublishedVersion, VersionReport, VersionTotal
from .reports import (
    Explanation,
    FigureChange,
    FormUpload,
    IndicatorFigure,
    LiveService,
    NarrativeChange,
    Report,
    ReportEvent,
    ServiceFigures,
    Status,
)
from .saved_views import SavedView
from .summaries import (
    Basis,
    Generation,
    IndicatorSummary,
    KeptPage,
    KeptReading,
    RollupAudit,
    RollupRequest,
    RollupRun,
    ServiceSummary,
    SubmissionSummary,
)
from .urging import Urging

__all__ = [
    "LEVELS_BELOW",
    "Basis",
    "Campaign",
    "CampaignChange",
    "CampaignDay",
    "CampaignGoal",
    "CampaignMeasure",
    "CampaignResources",
    "ChangeCount",
    "ChosenNarrative",
    "CircularForm",
    "Correction",
    "Difficulty",
    "DifficultyStep",
    "Explanation",
    "ExportJob",
    "FigureChange",
    "FormUpload",
    "Generation",
    "Holiday",
    "Indicator",
    "IndicatorFigure",
    "IndicatorSummary",
    "IndicatorTerms",
    "InterimReport",
    "IssuedCode",
    "KeptPage",
    "KeptReading",
    "LevelSetting",
    "LiveService",
    "NarrativeChange",
    "ParticipatingArea",
    "Period",
    "PeriodClosure",
    "PeriodDeadline",
    "PublicService",
    "PublishedVersion",
    "Report",
    "ReportEvent",
    "ReportingSettings",
    "RollupAudit",
    "RollupRequest",
    "RollupRun",
    "SavedView",
    "ServiceFigures",
    "ServiceSummary",
    "ServiceTerms",
    "Status",
    "SubmissionSummary",
    "Target",
    "TargetEvent",
    "Urging",
    "VersionReport",
    "VersionTotal",
    "WordTemplate",
]
