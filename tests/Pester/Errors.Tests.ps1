# What PowerShell gets of an error: id, category and advice, and the topic that lists them.
BeforeAll {
    $from = [OciTools.Commands.GetImageCommand].Assembly.GetType('OciTools.Commands.ErrorRecords', $true).GetMethod('From', [Reflection.BindingFlags]'NonPublic, Static')
    function Get-Record([Exception] $Failure) { $from.Invoke($null, @($Failure, 'nginx', [Func[string, bool]] { $false })) }

    $entries = @([OciTools.ErrorCatalogue].GetProperties().ForEach{ $_.GetValue($null) })
    $page = Get-Content -Raw (Join-Path $PSScriptRoot '../../docs/help/about_OciTools_Errors.md')
}

Describe 'The topic about_OciTools_Errors' {
    It 'has the ids of the module in the same order, with their categories' {
        $entries.Count | Should -BeGreaterThan 50
        $said = [regex]::Matches($page, '(?m)^- (\w+) \((\w+)\): ').ForEach{ "$($_.Groups[1].Value) $($_.Groups[2].Value)" }
        $said | Should -Be @($entries.ForEach{ "$($_.Id) $((Get-Record $_.Error('m')).CategoryInfo.Category)" })
    }
    It 'has the exceptions of the module' {
        $types = [OciTools.OciException].Assembly.GetExportedTypes().Where{ $_.IsSubclassOf([OciTools.OciException]) }.Name
        [regex]::Matches($page, '(?m)^\| (\w+Exception) \|').ForEach{ $_.Groups[1].Value } | Sort-Object | Should -Be @($types | Sort-Object)
    }
    It 'says truly what catch gets' {
        $caught = try { Get-ImageDigest "oci:$($World.Sample):no-such-name" -ErrorAction Stop } catch [OciTools.NotFoundException] { $_ }
        $caught.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageDigestCommand'
        $caught.Exception.ErrorId | Should -BeExactly 'ImageNotFound'
        $caught.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $caught.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $caught.TargetObject | Should -BeExactly "oci:$($World.Sample):no-such-name"
    }
}

Describe 'A failure that nobody foresaw' {
    It 'is a defect, with its own id, and names what was thrown' {
        $record = Get-Record ([InvalidOperationException]::new("boom`e[31m"))
        $record.FullyQualifiedErrorId | Should -BeExactly 'InternalError'
        $record.CategoryInfo.Category | Should -Be 'InvalidOperation'
        $record.Exception | Should -BeOfType OciTools.DefectException
        $record.Exception.InnerException | Should -BeOfType InvalidOperationException
        $record.ErrorDetails.Message | Should -Match '^InvalidOperationException: boom'
        $record.ErrorDetails.Message | Should -Not -Match "`e"
        $record.ErrorDetails.RecommendedAction | Should -Match 'defect of OciTools.*Get-Error'
    }
    It 'of the framework that is known has the id that says it: <Id>' -ForEach @(
        @{ Failure = [IO.IOException]::new('x'); Id = 'ReadFailed' }
        @{ Failure = [UnauthorizedAccessException]::new('x'); Id = 'ReadFailed' }
        @{ Failure = [TimeoutException]::new('x'); Id = 'TimedOut' }
        @{ Failure = [Net.Http.HttpRequestException]::new('x'); Id = 'ConnectionFailed' }
    ) {
        (Get-Record $Failure).FullyQualifiedErrorId | Should -BeExactly $Id
    }
}
